import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/operations/health/checks.ts';
import { readServerStats, readTransactions } from '../../../src/operations/health/server-stats.ts';
import { connectServer } from '../../../src/platform/postgres/connect.ts';
import { startOfDay } from '../../../src/util/time.ts';
import type { CliOptions } from '../../helpers/cli.ts';
import { databases, ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { startRedis } from '../../helpers/redis.ts';

type Row = { check: string; state: string; detail: string; help: string | null };

let db: TestDatabase;
afterEach(() => db?.close());

/** The exit code, and the checks that are not ok. */
async function doctor(options: CliOptions = {}) {
  const { code, stdout, stderr } = await db.cliWith(options, 'doctor', '--json');
  const rows = JSON.parse(stdout) as Row[];
  expect(rows.map(({ check }) => check)).toEqual(CHECKS.map(({ name }) => name));
  // Roles are the cluster's, and what other suites make of them is theirs; a new database has no backup.
  const ailing = rows.filter(({ check, state }) => state !== 'ok' && !['roles', 'backup'].includes(check));
  return { code, stderr, ailing };
}

describe.each(databases)('doctor on the $name database', ({ open }) => {
  it('finds nothing wrong with a new one, and names the proof of the book', async () => {
    db = await open();
    const { code, stderr, ailing } = await doctor();
    expect({ code, ailing }).toEqual({ code: 0, ailing: [] });
    expect(stderr).toContain('pinnacle doctor ledger');
  });

  it('warns of phases to come', async () => {
    db = await open(2);
    expect(await doctor()).toMatchObject({
      code: 0,
      ailing: [{ check: 'phase', state: 'warn', detail: 'phase 2 of 4', help: 'pinnacle migrate up' }],
    });
  });

  it('fails where nothing is rolled out', async () => {
    db = await open(0);
    expect(await doctor()).toMatchObject({
      code: 6,
      ailing: [{ check: 'phase', state: 'fail', help: 'pinnacle migrate up' }],
    });
  });

  it('fails for scripts and a schema that are not those that were applied', async () => {
    db = await open();
    await db.query("UPDATE pinnacle_migrations SET up_sha256 = 'x' WHERE phase = 2");
    await db.query('DROP INDEX idx_orders_working');
    expect(await doctor()).toMatchObject({
      code: 6,
      ailing: [
        {
          check: 'scripts',
          state: 'fail',
          detail: 'not as they were applied: up of phase 2',
          help: 'pinnacle migrate verify',
        },
        {
          check: 'drift',
          state: 'fail',
          detail: '1 difference, among them: index orders.idx_orders_working missing',
          help: 'pinnacle migrate drift',
        },
      ],
    });
  });
});

describe.each(servers)('doctor on the $name', ({ open }) => {
  it('only warns of what was added to the schema, and of a connection that cannot write', async () => {
    db = await open();
    await db.query('CREATE INDEX mine ON positions (opened_at)');
    const { rows } = await db.query('SELECT current_database() AS name');
    await db.query(`ALTER DATABASE ${rows[0]?.['name']} SET default_transaction_read_only = on`);
    expect(await doctor()).toMatchObject({
      code: 0,
      ailing: [
        { check: 'connection', state: 'warn', detail: expect.stringContaining('read-only') },
        {
          check: 'drift',
          state: 'warn',
          detail: '1 difference, among them: index positions.mine added',
        },
      ],
    });
  });

  it('measures the clock against that of this machine', async () => {
    db = await open();
    const off = (ms: number) => doctor({ now: new Date(Date.now() + ms) });
    expect(await off(30_000)).toMatchObject({
      code: 0,
      ailing: [{ check: 'clock', state: 'warn', detail: expect.stringMatching(/^the server is .* behind/) }],
    });
    expect(await off(-600_000)).toMatchObject({
      code: 6,
      ailing: [{ check: 'clock', state: 'fail', detail: expect.stringMatching(/ 10 min ahead of /) }],
    });
  });

  it('counts connections and sees the transactions that ours have open, but not those of others', async () => {
    db = await open();
    const url = db.env['DATABASE_URL'] ?? '';
    const busy = await Promise.all(
      ['pinnacle/order fill', 'somebody'].map(async (application_name) => {
        const client = new pg.Client({ connectionString: url, application_name });
        await client.connect();
        await client.query('BEGIN');
        return client;
      }),
    );
    const connection = connectServer(url, {
      applicationName: 'pinnacle/doctor',
      poolSize: 1,
      statementTimeoutMs: 0,
    });
    try {
      const before = await readServerStats(connection.kysely);
      expect(await readTransactions(connection.kysely)).toMatchObject([
        { program: 'pinnacle/order fill', state: 'idle in transaction', age: expect.any(Number) },
      ]);
      await db.query("SELECT set_config('application_name', 'pinnacle/idle', false)");
      expect(await readTransactions(connection.kysely)).toHaveLength(1);
      expect(before.used).toBeGreaterThanOrEqual(4);
      expect(before.limit).toBeGreaterThan(before.used);
    } finally {
      await Promise.all(busy.map((client) => client.end()));
      await connection.close();
    }
  });

  it('ends 7 where there is no server', async () => {
    db = await open();
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    expect(await db.cliWith({ env }, 'doctor', '--json')).toMatchObject({ code: 7, stdout: '' });
  });
});

describe.each(databases)('what a day leaves behind, to doctor on the $name database', ({ open }) => {
  // Seals wait for the transactions of the whole server.
  const server = ownServer();
  /** One check, and whether the command ends 6. */
  const check = async (name: string, options: CliOptions = {}, ...flags: string[]) => {
    const { code, stdout } = await db.cliWith(options, 'doctor', '--check', name, '--json', ...flags);
    const [row, ...others] = JSON.parse(stdout) as (Row & { fixed: boolean })[];
    expect(others).toEqual([]);
    return { code, ...row };
  };
  const user = "INSERT INTO users (user_id, name, email, api_key) VALUES ('u1', 'A', 'a@example.com', 'x')";
  const order = (id: string, age: string, more = '') =>
    `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, updated_at${more && ', imported'})
     VALUES ('${id}', 'u1', 'TCS', 'BUY', 'LIMIT', 1, 1, now() - interval '${age}'${more && ', true'})`;

  it('orders stuck PENDING, but none of today and none that was imported', async () => {
    db = await open();
    await db.query(user);
    await db.query(order('fresh', '14 minutes'));
    await db.query(order('brought', '1 day', 'imported'));
    expect(await check('orders')).toMatchObject({ state: 'ok' });
    await db.query(order('stuck', '3 hours'));
    expect(await check('orders')).toMatchObject({
      code: 0,
      state: 'warn',
      detail: '1 PENDING for more than 15 min, the oldest: stuck, 3 h',
      help: expect.stringContaining('order list --status PENDING'),
    });
  });

  it('sessions of an earlier day, by the clock of the exchange', async () => {
    db = await open();
    await db.query(user);
    // By the clock of the database.
    const dayStart = startOfDay(new Date(), 'Asia/Kolkata').toISOString();
    await db.query(
      `INSERT INTO trading_sessions (session_id, user_id, start_time, capital_at_start) VALUES ('s', 'u1', '${dayStart}', 1)`,
    );
    expect(await check('sessions')).toMatchObject({ state: 'ok' });
    await db.query("UPDATE trading_sessions SET start_time = start_time - interval '1 second'");
    expect(await check('sessions')).toMatchObject({
      state: 'warn',
      detail: expect.stringContaining('u1'),
      help: 'pinnacle session end --all',
    });
  });

  it('rules that the last risk check could not evaluate', async () => {
    db = await open();
    for (const argv of [
      ['user', 'add', '--user-id', 'u1', '--name', 'A', '--email', 'a@example.com', '--json'],
      ['risk', 'set', 'u1', 'MAX_DRAWDOWN', '5'],
    ])
      expect((await db.cli(...argv)).code).toBe(0);
    expect((await db.cli('risk', 'check')).code).toBe(6);
    expect(await check('rules')).toMatchObject({
      state: 'warn',
      detail: '1 cannot be evaluated, the oldest: u1',
    });
  });

  it('entries without a seal, which --fix seals', async () => {
    db = await open(4, server());
    await db.query(
      "INSERT INTO audit_log (at, command, target, body) SELECT now() - interval '1 hour', 'x', 'x', '{}' FROM generate_series(1, 3)",
    );
    expect(await check('sealing')).toMatchObject({ state: 'warn', help: 'pinnacle audit seal' });
    expect(await check('sealing', {}, '--fix', '--dry-run')).toMatchObject({ state: 'warn', fixed: false });
    expect(await check('sealing', {}, '--fix')).toMatchObject({ state: 'ok', fixed: true });
    expect(await check('sealing')).toMatchObject({ state: 'ok', fixed: false });
  });

  it('changes that wait for Redis: --fix says why it cannot, and brings them once it can', async () => {
    db = await open();
    const late =
      "INSERT INTO realtime_outbox (at, kind, key) VALUES (now() - interval '5 minutes', 'order', 'gone')";
    await db.query(late);
    expect(await check('outbox', {}, '--fix')).toMatchObject({
      state: 'warn',
      detail: expect.stringMatching(/^1 change waiting for Redis since .*could not be repaired: No Redis/),
    });
    const away = { env: { REDIS_URL: 'redis://127.0.0.1:1' } };
    expect(await check('redis', away)).toMatchObject({ code: 6, state: 'fail' });
    expect(await check('lifetimes', away)).toMatchObject({ code: 0, state: 'warn' });
    const redis = await startRedis();
    try {
      const there = { env: { REDIS_URL: redis.url } };
      expect(await check('outbox', there, '--fix')).toMatchObject({ state: 'ok', fixed: true });
      expect(await check('redis', there)).toMatchObject({ state: 'ok' });
    } finally {
      await redis.stop();
    }
  });

  it('no backup, then one, and the day after tomorrow one that is too old', async () => {
    db = await open();
    db.env['PINNACLE_BACKUP_DIR'] = mkdtempSync(join(tmpdir(), 'pinnacle-doctor-'));
    expect(await check('backup')).toMatchObject({ code: 0, state: 'warn', help: 'pinnacle backup create' });
    expect((await db.cli('backup', 'create')).code).toBe(0);
    expect(await check('backup')).toMatchObject({ state: 'ok' });
    const later = { now: new Date(Date.now() + 27 * 3_600_000) };
    expect(await check('backup', later)).toMatchObject({
      state: 'warn',
      detail: 'the newest good one is 27 h old',
    });
  });

  it('a key ring that is old, or cannot be read', async () => {
    db = await open();
    const ring = join(mkdtempSync(join(tmpdir(), 'pinnacle-doctor-')), 'ring.json');
    db.env['PINNACLE_KEYRING_FILE'] = ring;
    expect(await check('keyring')).toMatchObject({ state: 'warn', help: 'pinnacle keys generate' });
    expect((await db.cli('keys', 'generate')).code).toBe(0);
    expect(await check('keyring')).toMatchObject({ state: 'ok' });
    const inTwoYears = { now: new Date(Date.now() + 2 * 365 * 86_400_000) };
    expect(await check('keyring', inTwoYears)).toMatchObject({ state: 'warn' });
    chmodSync(ring, 0o644);
    expect(await check('keyring')).toMatchObject({ code: 6, state: 'fail' });
  });
});

describe.each(servers)('roles and partitions, to doctor on the $name', ({ open }) => {
  it('says what a login may not look at, and goes on', async () => {
    db = await open();
    await db.query('DROP ROLE IF EXISTS doctor_reader');
    await db.query('CREATE ROLE doctor_reader LOGIN');
    try {
      await db.query('GRANT SELECT ON pinnacle_migrations, orders TO doctor_reader');
      const env = { DATABASE_URL: String(db.env['DATABASE_URL']).replace('//postgres@', '//doctor_reader@') };
      const { stdout } = await db.cliWith({ env }, 'doctor', '--json');
      const rows = JSON.parse(stdout) as Row[];
      expect(rows.find(({ check }) => check === 'sealing')).toMatchObject({
        state: 'warn',
        detail: 'this login may not read it',
      });
      expect(rows.find(({ check }) => check === 'orders')).toMatchObject({ state: 'ok' });
    } finally {
      await db.query('DROP OWNED BY doctor_reader');
      await db.query('DROP ROLE doctor_reader');
    }
  });

  it('warns where the months ahead have no partition', async () => {
    db = await open();
    expect((await db.cli('partition', 'enable', 'orders', '--yes')).code).toBe(0);
    const look = async (days: number) => {
      const now = new Date(Date.now() + days * 86_400_000);
      const { stdout } = await db.cliWith({ now }, 'doctor', '--check', 'partitions', '--json');
      return JSON.parse(stdout)[0];
    };
    expect(await look(0)).toMatchObject({ state: 'ok' });
    expect(await look(400)).toMatchObject({ state: 'warn', help: 'pinnacle partition ensure' });
  });
});
