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

  it.each(['x', '漢', '👍', 'e\u0301', '\u202e', '\t'])(
    'cuts two hundred thousand times %j for a terminal at once, and prints it whole to a pipe',
    async (unit) => {
      const n = 200_000;
      await db.query('DELETE FROM notifications');
      await db.query(
        `INSERT INTO notifications (notification_id, notification_type, alert_level, title, message)
         SELECT 'n' || i, 'SYSTEM_ERROR', 'INFO', '漢', repeat($1, $2) FROM generate_series(1, 3) i`,
        [unit, n],
      );
      await db.query(
        `INSERT INTO audit_log (command, target, body)
         VALUES ('c', 't', json_build_object('x', repeat($1, $2))::text)`,
        [unit, n],
      );
      for (const line of ['notification list', 'audit list --columns id,body']) {
        const began = process.cpuUsage();
        const { code, stdout } = await db.cliWith({ tty: true, env: { LANG: 'C.UTF-8' } }, ...words(line));
        expect([code, process.cpuUsage(began).user < 3_000_000, stdout.length < 30_000]).toEqual([
          0,
          true,
          true,
        ]);
        expect(stdout).toContain('…');
        const piped = await db.cli(...words(line));
        expect(piped.stdout.length).toBeGreaterThanOrEqual(n);
      }
    },
  );

  it('refuses --limit beside --all', async () => {
    const { code, stderr } = await db.cli(...words('order list --all --limit 5'));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('exclude') });
  });

  it('prints no line for what a single thing does not have', async () => {
    await db.query('DELETE FROM notifications');
    const { stdout } = await db.cli(...words('notification read --all --yes'));
    expect(stdout).toBe('read\t0\n');
  });
});
