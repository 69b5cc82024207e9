import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';

type Row = Record<string, unknown>;

const TABLES: readonly [table: string, id: string][] = [
  ['trading_sessions', 'session_id'],
  ['risk_rules', 'rule_id'],
  ['notifications', 'notification_id'],
  ['idempotency_keys', 'key'],
];

/** The ids that each table holds. */
async function idsIn(db: TestDatabase): Promise<Record<string, string[]>> {
  const of = ([table, id]: readonly [string, string]) =>
    `'${table}', (SELECT coalesce(json_agg(${id} ORDER BY ${id}), '[]') FROM ${table})`;
  const { rows } = await db.query(`SELECT json_build_object(${TABLES.map(of).join(', ')}) AS ids`);
  return rows[0]?.['ids'] as Record<string, string[]>;
}

const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);

const addSession = (id: string, end: string | null, user = 'on') =>
  `INSERT INTO trading_sessions (session_id, user_id, start_time, end_time, status, capital_at_start, capital_at_end)
   VALUES ('${id}', '${user}', coalesce(${text(end)}, '2001-01-01')::timestamp, ${text(end)}::timestamp,
     '${end === null ? 'ACTIVE' : 'COMPLETED'}', 1, ${end === null ? 'NULL' : 1})`;
const addRule = (id: string, user: string, type: string, updated: string) =>
  `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, updated_at)
   VALUES ('${id}', '${user}', '${type}', 1, '${updated}')`;
const addNotification = (id: string, created: string, read: string | null, user: string | null = 'on') =>
  `INSERT INTO notifications (notification_id, user_id, notification_type, title, message, created_at, read_at)
   VALUES ('${id}', ${text(user)}, 'SYSTEM_ERROR', 't', 'm', '${created}', ${text(read)}::timestamp)`;

const addKey = (key: string, at: string) =>
  `INSERT INTO idempotency_keys (key, command, request, result, at) VALUES ('${key}', 'c', 'r', '{}', '${at}')`;

/** All in one statement, as the embedded engine starts anew for each. */
const add = (db: TestDatabase, ...statements: string[]) =>
  db.query(`WITH ${statements.map((sql, i) => `s${i} AS (${sql})`).join(', ')} SELECT`);

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-retention-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The environment of a configuration that keeps things otherwise. */
function keeping(retention: Record<string, string>): Record<string, string> {
  const path = join(folder, `${Object.values(retention).join('-')}.json`);
  writeFileSync(path, JSON.stringify({ retention }), { mode: 0o600 });
  return { PINNACLE_CONFIG: path };
}

// A limit reaches back 365 days, or 366 across a leap day.
const CLOCKS = [
  {
    now: '2026-11-23T04:05:06.789012',
    year: '2025-11-23T04:05:06.789012',
    week: '2026-11-16T04:05:06.789012',
    month: '2026-10-24T04:05:06.789012',
  },
  {
    now: '2028-03-01T00:00:00.000000',
    year: '2027-03-01T00:00:00.000000',
    week: '2028-02-23T00:00:00.000000',
    month: '2028-01-31T00:00:00.000000',
  },
  {
    now: '2024-02-29T23:59:59.999999',
    year: '2023-02-28T23:59:59.999999',
    week: '2024-02-22T23:59:59.999999',
    month: '2024-01-30T23:59:59.999999',
  },
];

/** A time so many microseconds later. */
const shifted = (time: string, micros: number) => {
  const total = BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1000n + BigInt(time.slice(20)) + BigInt(micros);
  const seconds = new Date(Number(total / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(total % 1_000_000n).padStart(6, '0')}`;
};

describe.each(servers)('the limits on $name, at the clock of the server', ({ open }) => {
  it.each(CLOCKS)(
    'of $now: before it is gone, at it and after it is kept',
    async ({ now, year, month, week }) => {
      const db = await withTraders(open);
      try {
        const edges = { before: -1, at: 0, after: 1 };
        const types = ['MAX_DRAWDOWN', 'MAX_DAILY_LOSS', 'MAX_POSITION_SIZE'];
        for (const [i, [edge, micros]] of Object.entries(edges).entries()) {
          await add(
            db,
            addSession(edge, shifted(year, micros)),
            addRule(`off-${edge}`, 'off', types[i] ?? '', shifted(year, micros)),
            addRule(`on-${edge}`, 'on', types[i] ?? '', shifted(year, micros)),
            addNotification(`unread-${edge}`, shifted(month, micros), null),
            addNotification(`read-${edge}`, shifted(month, micros), shifted(month, micros)),
            addNotification(`all-${edge}`, shifted(month, micros), null, null),
            addKey(edge, shifted(week, micros)),
          );
        }
        // Somebody else's mistake: it runs, and has an end.
        const odd = addSession('odd', shifted(year, -1), 'off').replace("'COMPLETED'", "'ACTIVE'");
        await add(db, addSession('running', null), odd);
        await standStill(db, now);
        const at = new Date(`${now.slice(0, 23)}Z`);
        const { code, stderr } = await db.cliWith({ now: at }, 'retention', 'run', '--yes');
        expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
        expect(await idsIn(db)).toEqual({
          trading_sessions: ['after', 'at', 'odd', 'running'],
          risk_rules: ['off-after', 'off-at', 'on-after', 'on-at', 'on-before'],
          notifications: ['all-after', 'all-at', 'read-after', 'read-at', 'unread-after', 'unread-at'],
          idempotency_keys: ['after', 'at'],
        });
      } finally {
        await db.close();
      }
    },
  );

  /** Makes the server's clock say the same for ever. */
  async function standStill(db: TestDatabase, time: string): Promise<void> {
    const { rows } = await db.query('SELECT current_database() AS name');
    await db.query('CREATE SCHEMA stopped');
    await db.query(
      `CREATE FUNCTION stopped.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '${time}Z' $$`,
    );
    await db.query(`ALTER DATABASE ${rows[0]?.['name']} SET search_path = public, stopped, pg_catalog`);
  }
});

const ago = (days: number, minutes = 0) =>
  new Date(Date.now() - (days * 1_440 + minutes) * 60_000).toISOString();

/** Something of everything, on both sides of its limit. */
const fill = (db: TestDatabase) =>
  add(
    db,
    addSession('old', ago(366, 1)),
    addSession('young', ago(364)),
    addSession('running', null, 'off'),
    addRule('off-old', 'off', 'MAX_DRAWDOWN', ago(366, 1)),
    addRule('off-young', 'off', 'MAX_DAILY_LOSS', ago(364)),
    addRule('on-old', 'on', 'MAX_DRAWDOWN', ago(900)),
    ...[0, 1, 2].flatMap((n) => [
      addNotification(`old-${n}`, ago(30, 1 + n), null),
      addNotification(`read-${n}`, ago(30, 1 + n), ago(1)),
    ]),
    addNotification('young', ago(29), ago(29)),
    addKey('old', ago(7, 1)),
    addKey('young', ago(6)),
  );

/** A database with two traders, one of whom is disabled. */
async function withTraders(open: () => Promise<TestDatabase>): Promise<TestDatabase> {
  const db = await open();
  await db.query(
    `INSERT INTO users (user_id, name, email, api_key, enabled)
     VALUES ('on', 'A', 'on@example.com', 'on', true), ('off', 'A', 'off@example.com', 'off', false)`,
  );
  return db;
}

describe.each(databases)('retention run on $name', ({ open }) => {
  it('deletes just what is due, tells it, and leaves an audit row a batch', async () => {
    const db = await withTraders(open);
    await fill(db);
    const rows = await db.json<Row[]>('retention', 'run', '--yes');
    expect(rows).toMatchObject([
      { kind: 'trading_sessions', deleted: 1, left: 0, held: 1 },
      { kind: 'risk_rules', deleted: 1, left: 0, held: 1 },
      { kind: 'notifications', deleted: 6, left: 0, held: 0 },
      { kind: 'idempotency_keys', deleted: 1, left: 0, held: 0 },
      { kind: 'alert_deliveries', deleted: 0, left: 0, held: 0 },
    ]);
    expect(await idsIn(db)).toEqual({
      trading_sessions: ['running', 'young'],
      risk_rules: ['off-young', 'on-old'],
      notifications: ['young'],
      idempotency_keys: ['young'],
    });
    expect(await db.audits('retention run')).toMatchObject([
      { target: 'retention trading_sessions', body: { deleted: 1 } },
      { target: 'retention risk_rules', body: { deleted: 1 } },
      { target: 'retention notifications', body: { deleted: 6 } },
      { target: 'retention idempotency_keys', body: { deleted: 1 } },
    ]);
    expect(await db.json<Row[]>('retention', 'run', '--yes')).toMatchObject([
      { deleted: 0 },
      { deleted: 0 },
      { deleted: 0 },
      { deleted: 0 },
      { deleted: 0 },
    ]);
    await db.close();
  });
});

describe.each(databases)('retention on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await withTraders(open);
  });
  afterAll(() => db.close());
  afterEach(async () => {
    await db.query(
      `WITH ${TABLES.map(([table]) => `${table}_ AS (DELETE FROM ${table})`).join(', ')} SELECT`,
    );
  });

  it('plan says what is due, what is kept and why', async () => {
    await fill(db);
    const rows = await db.json<Row[]>('retention', 'plan');
    const of = (kind: string) => rows.find((row) => row['kind'] === kind);
    expect(of('users')).toMatchObject({ keep: 'for ever', rows: 2, due: 0, kept: 2 });
    expect(of('orders')).toMatchObject({ keep: 'for ever', rows: 0, due: 0, oldest: null });
    expect(of('audit_log')).toMatchObject({ keep: 'for ever', due: 0 });
    expect(of('trading_sessions')).toMatchObject({
      ...{ keep: '1y', rows: 3, due: 1, kept: 2, why: '1 not older than 1y, 1 not ended' },
      oldest: expect.stringMatching(/^20.*Z$/),
    });
    expect(of('risk_rules')).toMatchObject({
      keep: '1y',
      rows: 3,
      due: 1,
      kept: 2,
      why: '1 not older than 1y, 1 in force',
    });
    expect(of('notifications')).toMatchObject({
      keep: '30d',
      rows: 7,
      due: 6,
      kept: 1,
      why: '1 not older than 30d',
    });
    const before = Date.parse(String(of('notifications')?.['before']));
    expect(Math.abs(Date.now() - 30 * 86_400_000 - before)).toBeLessThan(10_000);
    // Nothing of it is done.
    expect((await idsIn(db))['notifications']).toHaveLength(7);
  });

  it('a dry run tells what it would delete, and asks nothing', async () => {
    await fill(db);
    const before = await idsIn(db);
    const rows = await db.json<Row[]>('retention', 'run', '--dry-run', '--max-rows', '4');
    expect(rows.map(({ deleted, left }) => [deleted, left])).toEqual([
      [1, 0],
      [1, 0],
      [2, 4],
      [0, 1],
      [0, 0],
    ]);
    expect(await idsIn(db)).toEqual(before);
  });

  it('--max-rows stops after so many, the oldest first, and the next run goes on', async () => {
    await fill(db);
    const rows = await db.json<Row[]>('retention', 'run', '--max-rows', '3', '--yes');
    expect(rows.map(({ deleted, left }) => [deleted, left])).toEqual([
      [1, 0],
      [1, 0],
      [1, 5],
      [0, 1],
      [0, 0],
    ]);
    expect((await idsIn(db))['notifications']).toHaveLength(6);
    await db.json('retention', 'run', '--yes');
    expect((await idsIn(db))['notifications']).toEqual(['young']);
  });

  it('a limit of the configuration is kept to, and a shorter one than promised needs the name', async () => {
    await fill(db);
    const longer = { env: keeping({ sessions: '2y', riskRules: '365d', notifications: '5w' }) };
    const { code } = await db.cliWith(longer, 'retention', 'run', '--yes');
    expect(code).toBe(0);
    expect(await idsIn(db)).toMatchObject({
      trading_sessions: ['old', 'running', 'young'],
      risk_rules: ['off-young', 'on-old'],
    });
    expect((await idsIn(db))['notifications']).toHaveLength(7);
    const shorter = { env: keeping({ notifications: '29d' }) };
    const refused = await db.cliWith(shorter, 'retention', 'run', '--yes');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('retention.notifications is 29d, below the default of 30d');
    expect((await idsIn(db))['notifications']).toHaveLength(7);
    const [, name = ''] = /--confirm (\S+?)\.?\s/.exec(refused.stderr) ?? [];
    expect((await db.cliWith(shorter, 'retention', 'run', '--confirm', 'other')).code).toBe(2);
    expect((await db.cliWith(shorter, 'retention', 'run', '--confirm', name)).code).toBe(0);
    expect((await idsIn(db))['notifications']).toEqual([]);
  });

  it.each(['0d', '30', 'never', '1m', ''])('a limit of %j is no configuration', async (notifications) => {
    const { code, stderr } = await db.cliWith({ env: keeping({ notifications }) }, 'retention', 'plan');
    expect(code).toBe(78);
    expect(stderr).toContain('must be a period such as 30d, 4w or 1y');
  });

  it.each([61_000, -61_000])(
    'is refused while the clocks differ by %i ms, and not by less',
    async (ahead) => {
      await fill(db);
      const here = (ms: number) => ({ now: new Date(Date.now() + ms) });
      const refused = await db.cliWith(
        here(ahead + Math.sign(ahead) * 10_000),
        'retention',
        'run',
        '--yes',
        '--json',
      );
      expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 5, stdout: '' });
      expect(JSON.parse(refused.stderr.slice(refused.stderr.indexOf('{'))).error.code).toBe('CLOCKS_DIFFER');
      expect((await idsIn(db))['notifications']).toHaveLength(7);
      expect((await db.cliWith(here(ahead / 2), 'retention', 'run', '--yes')).code).toBe(0);
    },
  );
});

describe.each(servers)('beside others on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await withTraders(open);
  });
  afterAll(() => db.close());

  it('retention run waits for no row that somebody holds, and leaves it to the next run', async () => {
    await fill(db);
    await db.query('BEGIN');
    await db.query("SELECT FROM notifications WHERE notification_id = 'old-1' FOR UPDATE");
    // As `user enable` holds him.
    await db.query("UPDATE users SET enabled = true WHERE user_id = 'off'");
    const rows = await db.json<Row[]>('retention', 'run', '--yes');
    await db.query('COMMIT');
    expect(rows.map(({ deleted, left }) => [deleted, left])).toEqual([
      [1, 0],
      [0, 1],
      [5, 1],
      [1, 0],
      [0, 0],
    ]);
    const again = await db.json<Row[]>('retention', 'run', '--yes');
    expect(again.map(({ deleted, held }) => [deleted, held])).toEqual([
      [0, 1],
      [0, 2],
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(await idsIn(db)).toMatchObject({
      risk_rules: ['off-old', 'off-young', 'on-old'],
      notifications: ['young'],
    });
    await db.query("UPDATE users SET enabled = false WHERE user_id = 'off'");
  });

  it('a table that somebody holds ends it with 10, and says what is deleted', async () => {
    await db.query('DELETE FROM trading_sessions; DELETE FROM risk_rules; DELETE FROM notifications');
    await db.query('DELETE FROM idempotency_keys');
    await fill(db);
    await db.query('BEGIN');
    await db.query('LOCK TABLE notifications IN EXCLUSIVE MODE');
    const { code, stderr } = await db.cli('retention', 'run', '--yes', '--json');
    await db.query('COMMIT');
    expect(code).toBe(10);
    expect(JSON.parse(stderr.slice(stderr.indexOf('{'))).error).toMatchObject({
      ...{ code: 'RETENTION_UNFINISHED', retryable: true, changed: true },
      message: expect.stringContaining('2 rows deleted before'),
    });
  });

  it.each([1, 2, 3] as const)('a database at phase %i has what it has', async (phase) => {
    const early = await open(phase);
    const kinds = (await early.json<Row[]>('retention', 'run', '--yes')).map(({ kind }) => kind);
    expect(kinds).toEqual([...(phase >= 3 ? ['trading_sessions', 'notifications'] : []), 'idempotency_keys']);
    expect((await early.cli('retention', 'plan')).code).toBe(0);
    await early.close();
  });

  it('who may not set a rule may delete none that is in force', async () => {
    const role = `t_deleter_${randomUUID().slice(0, 8)}`;
    const as = async (sql: string) => {
      await db.query(`SET ROLE ${role}`);
      const { rowCount, code } = (await db.query(sql).catch((error) => error)) as Row;
      await db.query('RESET ROLE');
      return code ?? rowCount;
    };
    await db.query(`CREATE ROLE ${role}`);
    await db.query(`GRANT SELECT, DELETE ON risk_rules TO ${role}`);
    await db.query(`GRANT SELECT ON users TO ${role}`);
    await db.query("CREATE TEMP TABLE users AS SELECT 'on'::text AS user_id, false AS enabled");
    await db.query(`GRANT SELECT ON pg_temp.users TO ${role}`);
    const of = (user: string) => `DELETE FROM risk_rules WHERE user_id = '${user}'`;
    expect(await as(of('on'))).toBe('42501');
    expect(await as(of('off'))).toBe(1);
    await db.query(`GRANT INSERT ON risk_rules TO ${role}`);
    expect(await as(of('on'))).toBe(1);
    await db.query(`DROP OWNED BY ${role}`);
    await db.query(`DROP ROLE ${role}`);
  });
});
