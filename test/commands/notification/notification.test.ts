import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Rows = Record<string, unknown>[];

describe.each(databases)('notifications on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const id of ['trader_001', 'trader_002']) await given.user(db, id);
    // Ids out of step with the times, and two of one moment.
    await db.query(`
      INSERT INTO notifications (notification_id, user_id, notification_type, alert_level, title, message, created_at, read_at)
      VALUES ('n1', 'trader_001', 'ORDER_FILLED', 'INFO', 'filled', 'm', '2026-03-01 10:00', NULL),
        ('n2', 'trader_001', 'RISK_ALERT', 'WARNING', 'near', 'm', '2026-03-01 12:00', '2026-03-01 12:30'),
        ('n3', 'trader_002', 'RISK_ALERT', 'CRITICAL', 'broken', 'm', '2026-03-01 11:00', NULL),
        ('n4', NULL, 'SERVICE_DOWN', 'ERROR', 'down', 'm', '2026-03-01 12:00', NULL),
        ('n5', NULL, 'SERVICE_RESTORED', 'INFO', 'up', 'm', '2026-03-01 13:00', '2026-03-01 14:00'),
        ('n6', 'trader_001', 'ORDER_REJECTED', 'ERROR', 'rejected', 'm', '2026-03-01 12:00', NULL)`);
  });
  afterAll(() => db.close());

  const ids = async (flags = '') =>
    (await db.json<Rows>(...words(`notification list ${flags}`))).map((row) => row['notification_id']);

  it('are listed unread first, then newest; a trader sees the system-wide ones, too', async () => {
    expect(await ids()).toEqual(['n6', 'n4', 'n3', 'n1', 'n5', 'n2']);
    expect(await ids('--user trader_001')).toEqual(['n6', 'n4', 'n1', 'n5', 'n2']);
    expect(await ids('--system')).toEqual(['n4', 'n5']);
    expect(await ids('--user trader_001 --unread')).toEqual(['n6', 'n4', 'n1']);
  });

  it('are filtered by type, by time, and by a level and what is above it', async () => {
    expect(await ids('--level error')).toEqual(['n6', 'n4', 'n3']);
    expect(await ids('--level critical')).toEqual(['n3']);
    expect(await ids('--type risk_alert')).toEqual(['n3', 'n2']);
    expect(await ids('--since 2026-03-01T12:00:00Z')).toEqual(['n6', 'n4', 'n5', 'n2']);
  });

  it('come page by page, over the border between unread and read', async () => {
    const seen: unknown[] = [];
    let after: string[] = [];
    do {
      const { stdout, stderr } = await db.cli('notification', 'list', '--limit', '2', '--json', ...after);
      seen.push(...JSON.parse(stdout).map((row: Record<string, unknown>) => row['notification_id']));
      const cursor = /--after (\S+)/.exec(stderr)?.[1];
      after = cursor ? ['--after', cursor] : [];
    } while (after.length > 0 && seen.length < 10);
    expect(seen).toEqual(['n6', 'n4', 'n3', 'n1', 'n5', 'n2']);
    expect(await ids('--all')).toEqual(seen);
  });

  it('are sent to a trader or to everyone, and audited', async () => {
    const sent = await db.json(
      ...words(`notification send --user trader_002 --type system_error --title Late --message "See below"`),
      ...['--data', '{"ticket":42}'],
    );
    expect(sent).toMatchObject({
      user_id: 'trader_002',
      notification_type: 'SYSTEM_ERROR',
      alert_level: 'INFO',
      data: { ticket: 42 },
      read_at: null,
    });
    expect(await db.json('notification', 'show', String(sent['notification_id']))).toEqual(sent);
    expect(await db.audits('notification %')).toMatchObject([
      { command: 'notification send', target: `notification ${sent['notification_id']}` },
    ]);
    const system = words(
      'notification send --system --type SERVICE_DOWN --level critical --message m --title',
    );
    expect(await db.json(...system, 'x'.repeat(200))).toMatchObject({
      user_id: null,
      alert_level: 'CRITICAL',
      data: {},
    });
    await db.query("DELETE FROM notifications WHERE notification_id LIKE 'ntf_%'");
  });

  it('end as they should where the command is not right, and change nothing', async () => {
    const before = await db.audits();
    const lines: [string, number][] = [
      ['send --type SYSTEM_ERROR --title t --message m', 2],
      ['send --type SYSTEM_ERROR --title t --message m --user trader_001 --system', 2],
      [`send --type SYSTEM_ERROR --title ${'x'.repeat(201)} --message m --system`, 2],
      ["send --type SYSTEM_ERROR --title t --message m --system --data '[1]'", 2],
      ['send --type SIGNAL --title t --message m --system', 2],
      ['send --type SYSTEM_ERROR --title t --message m --user nobody', 3],
      ['list --user trader_001 --system', 2],
      ['list --level LOUD', 2],
      ['read', 2],
      ['read --user trader_001', 2],
      ['read --system', 2],
      ['read n1 --all', 2],
      ['read n1 --user trader_001', 2],
      ['read --all --user trader_001 --system', 2],
      ['read n9', 3],
      ['read --all --user nobody', 3],
      ['read --all', 4],
      ['show n9', 3],
    ];
    for (const [line, code] of lines) await db.refused(`notification ${line}`, { code });
    expect(await db.audits()).toEqual(before);
  });

  it('are read one by one, once', async () => {
    const first = await db.json('notification', 'read', 'n1');
    expect(first).toMatchObject({ notification_id: 'n1', read: 1, read_at: expect.any(String) });
    const before = await db.audits();
    expect(await db.json('notification', 'read', 'n1')).toEqual({ ...first, read: 0 });
    expect(await db.audits()).toEqual(before);
  });

  it('are read all at once: of a trader, of the system, of everyone', async () => {
    const readAll = async (flags: string) =>
      (await db.json(...words(`notification read --all ${flags}`)))['read'];
    expect(await readAll('--user trader_001')).toBe(1);
    expect(await readAll('--user trader_001')).toBe(0);
    expect(await ids('--unread')).toEqual(['n4', 'n3']);
    expect(await readAll('--yes --dry-run')).toBe(2);
    expect(await readAll('--system')).toBe(1);
    expect(await ids('--unread')).toEqual(['n3']);
    const before = await db.audits();
    expect(await readAll('--yes')).toBe(1);
    expect(await readAll('')).toBe(0);
    expect(await db.audits()).toHaveLength(before.length + 1);
    const { rows } = await db.query("SELECT read_at FROM notifications WHERE notification_id = 'n2'");
    expect(rows).toEqual([{ read_at: '2026-03-01T12:30:00.000000Z' }]);
  });

  it('say on a terminal only what there is to say of many', async () => {
    const { stdout } = await db.cliWith({ tty: true }, ...words('notification read --all --no-color'));
    expect(stdout.trim()).toBe('OK Read 0 notifications');
  });
});

describe.each(servers)('notifications on a $name of phase 2', ({ open }) => {
  it('need phase 3, and say so', async () => {
    const db = await open(2);
    await given.user(db);
    for (const line of [
      'list',
      'send --system --type SYSTEM_ERROR --title t --message m',
      'read --all --system',
    ])
      await db.refused(`notification ${line}`, { code: 5, stderr: 'migrate up' });
    await db.close();
  });
});
