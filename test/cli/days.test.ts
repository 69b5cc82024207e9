import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dayOf } from '../../src/domain/day.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

describe('a word for a day', () => {
  // A Friday.
  it.each([
    ['today', '2026-01-30'],
    ['Yesterday', '2026-01-29'],
    ['friday', '2026-01-30'],
    ['sat', '2026-01-24'],
    ['MONDAY', '2026-01-26'],
    ['-1d', '2026-01-29'],
    ['30d', '2025-12-31'],
    ['2w', '2026-01-16'],
    ['2026-01-02', '2026-01-02'],
    ['tomorrow', 'tomorrow'],
    ['-1h', '-1h'],
    ['mond', 'mond'],
  ])('%s is %s', (text, day) => {
    expect(dayOf(text, '2026-01-30')).toBe(day);
  });
});

describe.each(databases)('a flag that takes a day on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u1');
  });
  afterAll(() => db.close());

  const dayThere = async (days: number) =>
    (
      await db.query(
        `SELECT to_char((clock_timestamp() AT TIME ZONE 'Pacific/Kiritimati')::date + ${days}, 'YYYY-MM-DD') AS day`,
      )
    ).rows[0]?.['day'];

  it('knows words, of the trading day of the database', async () => {
    // Fourteen hours ahead: for most of the day another date than that of the terminal.
    await db.json(...words('risk time-zone Pacific/Kiritimati --yes'));
    const before = await dayThere(0);
    const flows = [];
    for (const [i, word] of ['today', 'yesterday', '-2d'].entries())
      flows.push((await db.json(...words(`user deposit u1 100 --reference r${i} --day ${word}`)))['day']);
    expect([before, await dayThere(0)]).toContain(flows[0]);
    if ((await dayThere(0)) === before)
      expect(flows).toEqual([before, await dayThere(-1), await dayThere(-2)]);
    expect(await db.json(...words('user flows u1 --since yesterday --until today'))).toHaveLength(2);
    expect(await db.json(...words('charges show today'))).toEqual([]);
    await db.refused('user flows u1 --since today --until yesterday', { code: 2 });
  });

  it.each(['tomorrow', '-1h', '2026-02-30', '1899-01-01', 'now', '-2000w', '99999w'])(
    'refuses %s',
    async (word) => {
      const { stderr } = await db.cli(...words(`user flows u1 --since ${word}`));
      expect(stderr).toContain('must be a day such as 2026-01-31, today, yesterday, monday or -1d');
      await db.refused(`user flows u1 --since ${word}`, { code: 2 });
    },
  );
});
