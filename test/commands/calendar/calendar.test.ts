import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { shared } from '../../helpers/shared.ts';
import { backToStep } from '../../helpers/steps.ts';

const folder = mkdtempSync(join(tmpdir(), 'calendar-'));
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const collected = shared('cases/calendar.json');
const CSV = `date,name,kind,open,close
2026-01-26,Republic Day,HOLIDAY,,
2026-11-08,Muhurat,SPECIAL,18:00,19:15
`;

describe.each(databases)('the calendar on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());
  const days = async (...words: string[]) => db.json<Record<string, unknown>[]>('calendar', 'show', ...words);

  it('has nothing that was not imported, and knows weekends and hours', async () => {
    expect(await days('--year', '2026')).toEqual([]);
    expect(await days('2026-01-26')).toMatchObject([
      { trades: true, kind: 'REGULAR', opens: '09:15', closes: '15:30' },
    ]);
    expect(await days('2026-01-25')).toMatchObject([{ trades: false, kind: 'WEEKEND', opens: null }]);
    expect(await days('2026-08-03', '--exchange', 'NFO')).toMatchObject([{ closes: '15:40' }]);
  });

  it('is imported from CSV, once', async () => {
    const path = file('2026.csv', CSV);
    const import_ = () => db.json('calendar', 'import', path);
    expect(await import_()).toMatchObject({
      exchange: 'NSE',
      days: 2,
      holidays: 1,
      special: 1,
      added: 2,
      changed: 0,
    });
    expect(await import_()).toMatchObject({ added: 0, changed: 0, removed: 0 });
    expect(await db.audits('calendar import')).toHaveLength(1);
    expect(await days('2026-11-08', '--exchange', 'NFO')).toMatchObject([
      {
        weekday: 'Sunday',
        trades: true,
        kind: 'SPECIAL',
        opens: '18:00',
        closes: '19:15',
        source: '2026.csv',
      },
    ]);
    expect(await days('2026-01-26', '--exchange', 'MCX')).toMatchObject([{ trades: true }]);
  });

  it('is corrected by another file, which has all of a year with --replace', async () => {
    const path = file('2026b.csv', 'date,name\n2026-01-26,Republic Day (India)\n2026-12-25,Christmas\n');
    expect(await db.json('calendar', 'import', path, '--source', 'circular 7')).toMatchObject({
      added: 1,
      changed: 1,
    });
    expect(
      (await days('--from', '2026-01-01', '--to', '2026-12-31')).map((day) => [day['day'], day['source']]),
    ).toEqual([
      ['2026-01-26', 'circular 7'],
      ['2026-11-08', '2026.csv'],
      ['2026-12-25', 'circular 7'],
    ]);
    expect(await db.json('calendar', 'import', path, '--replace')).toMatchObject({
      added: 0,
      changed: 0,
      removed: 1,
    });
  });

  it.skipIf(collected.absent)('passes the collected checks', async () => {
    expect(await db.json('calendar', 'import', collected.path, '--replace')).toMatchObject({
      holidays: 16,
      special: 1,
    });
    const { checks } = JSON.parse(readFileSync(collected.path, 'utf8'));
    for (const { date, trading } of checks) expect(await days(date)).toMatchObject([{ trades: trading }]);
    expect(await days('--year', '2026')).toHaveLength(17);
  });

  it.each([
    [
      'a wrong weekday',
      '{"holidays": [{"date": "2026-01-26", "weekday": "Tuesday", "name": "x"}]}',
      'is Monday, not Tuesday',
    ],
    ['a day twice', 'date,name\n2027-01-26,a\n2027-01-26,b\n', '2027-01-26 is there twice'],
    [
      'a day as both',
      '{"holidays": [{"date": "2027-01-26", "name": "x"}], "special": [{"date": "2027-01-26", "name": "x", "session_ist": ["18:00", "19:00"]}]}',
      'twice',
    ],
    ['reversed hours', 'date,name,kind,open,close\n2027-01-26,a,SPECIAL,19:15,18:00\n', 'reversed'],
    [
      'hours of nothing',
      'date,name,kind,open,close\n2027-01-26,a,SPECIAL,25:00,26:00\n',
      'needs open and close',
    ],
    [
      'a holiday with hours',
      'date,name,kind,open,close\n2027-01-26,a,HOLIDAY,10:00,11:00\n',
      'HOLIDAY with hours',
    ],
    ['a day that is none', 'date,name\n2027-02-30,a\n', 'must be a day'],
    ['another kind', 'date,name,kind\n2027-01-26,a,MAYBE\n', 'HOLIDAY or SPECIAL'],
    ['half a JSON', '{"holidays": [', 'no JSON'],
    ['a list of words', '{"holidays": ["2027-01-26"]}', 'list of objects'],
    ['no days', '{"holidays": []}', 'no days'],
  ])('refuses %s', async (_what, content, stderr) => {
    await db.refused(['calendar', 'import', file('bad', content)], { code: 2, stderr });
  });

  it('refuses days of derivatives, and spans that are none', async () => {
    await db.refused(['calendar', 'import', file('a.csv', CSV), '--exchange', 'NFO'], {
      code: 2,
      stderr: 'NSE',
    });
    await db.refused('calendar show 2026-01-26 --year 2026', { code: 2 });
    await db.refused('calendar show --from 2026-02-01 --to 2026-01-01', { code: 2 });
  });

  it('needs the step', async () => {
    const old = await open();
    await backToStep(old, 8);
    await old.refused('calendar show', { code: 5, error: 'PHASE_NEEDED' });
    await old.refused(['calendar', 'import', file('a.csv', CSV)], { code: 5, error: 'PHASE_NEEDED' });
    await old.close();
  });
});
