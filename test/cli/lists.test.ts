import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

describe.each(databases)('lists on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  it.each(['order list', 'session list', 'position list', 'notification list', 'risk list', 'strategy list'])(
    '%s of a trader: nothing for one who has nothing, exit 3 for one who is not there',
    async (list) => {
      const whose = list === 'risk list' ? '' : '--user ';
      expect(await db.cli(...words(`${list} ${whose}trader_001 --json`))).toMatchObject({
        code: 0,
        stdout: '[]\n',
      });
      for (const more of ['', '--all --csv']) {
        const { code, stdout, stderr } = await db.cli(...words(`${list} ${whose}trader_002 ${more}`));
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
        expect(stderr).toContain('There is no user trader_002.');
      }
    },
  );

  it('refuses --limit beside --all', async () => {
    const { code, stderr } = await db.cli(...words('order list --all --limit 5'));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude') });
  });

  it('prints no line for what a single thing does not have', async () => {
    const { stdout } = await db.cli(...words('notification read --all --yes'));
    expect(stdout).toBe('read\t0\n');
  });
});
