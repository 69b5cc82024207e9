import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('CRITICAL notifications that nobody has read, on $name,', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
    await given.order(db, { user: 'u', orderId: 'o1' });
  });
  afterAll(() => db.close());

  const NOTICE = /CRITICAL unread/;
  const amend = (price: number) => words(`order amend o1 --price ${price}`);
  const send = (level: string) =>
    db.json(
      ...words(`notification send --user u --type SYSTEM_ERROR --level ${level} --title t --message m`),
    );

  it('are told once at the end of a write, to a person alone', async () => {
    await db.json(...words('order amend o1 --quantity 9'));
    await send('ERROR');
    expect((await db.cliWith({ tty: true }, ...amend(90))).stderr).not.toMatch(NOTICE);
    await send('CRITICAL');
    await send('CRITICAL');
    const { stderr } = await db.cliWith({ tty: true, env: { NO_COLOR: '1' } }, ...amend(91));
    expect(stderr).toMatch(/\n2 CRITICAL unread: pinnacle notification list --level critical --unread\n$/);
    expect(stderr.match(new RegExp(NOTICE, 'g'))).toHaveLength(1);
    for (const more of ['--json', '--csv', '--quiet', '--dry-run'])
      expect((await db.cliWith({ tty: true }, ...amend(92), more)).stderr, more).not.toMatch(NOTICE);
    expect((await db.cli(...amend(93))).stderr).not.toMatch(NOTICE);
    expect((await db.cliWith({ tty: true }, 'order', 'list')).stderr).not.toMatch(NOTICE);
  });

  it('are silent once they are read, and as long as other ones wait', async () => {
    await db.json(...words('notification read --all --yes'));
    await send('ERROR');
    expect((await db.cliWith({ tty: true }, ...amend(94))).stderr).not.toMatch(NOTICE);
  });

  it('are all counted and shown, also beyond the newest that are looked at', async () => {
    await db.json(...words('notification read --all --yes'));
    const insert = (level: string, count: number, at: string) =>
      db.query(
        `INSERT INTO notifications (notification_id, notification_type, alert_level, title, message, created_at)
         SELECT '${level}' || i, 'SYSTEM_ERROR', '${level}', 't', 'm', '${at}' FROM generate_series(1, ${count}) i`,
      );
    await insert('CRITICAL', 3, '2020-01-01');
    await insert('INFO', 10_001, '2021-01-01');
    const { stdout } = await db.cli('status', '--json');
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({
        about: 'alerts',
        state: 'fail',
        detail: '10004 unread, 3 CRITICAL',
        count: 10_004,
      }),
    );
    await db.query('ANALYZE notifications');
    const { rows } = await db.query(
      "EXPLAIN SELECT count(*) FROM notifications WHERE read_at IS NULL AND alert_level >= 'CRITICAL'",
    );
    expect(JSON.stringify(rows)).toContain('idx_notifications_unread_critical');
    const look = JSON.parse((await db.cli(...words('top --count 1 --json'))).stdout);
    expect(look).toMatchObject({ unread: 1_000, critical: 3 });
    expect(look.notifications.map((row: { notification_id: string }) => row.notification_id)).toEqual([
      ...['CRITICAL3', 'CRITICAL2', 'CRITICAL1'],
    ]);
    expect((await db.cli('metrics', 'print')).stdout).toContain('unread{level="CRITICAL"} 3\n');
    const { stderr } = await db.cliWith({ tty: true, env: { NO_COLOR: '1' } }, ...amend(95));
    expect(stderr).toContain('\n3 CRITICAL unread');
    const ofUser = JSON.parse((await db.cli(...words('top --count 1 --user u --json'))).stdout);
    expect(ofUser).toMatchObject({ critical: 3 });
  });
});
