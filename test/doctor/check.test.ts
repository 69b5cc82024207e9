import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { connectServer } from '../../src/db/connect.ts';
import { readTransactions, readVitals } from '../../src/doctor/vitals.ts';
import type { CliOptions } from '../helpers/cli.ts';
import { databases, servers, type TestDatabase } from '../helpers/databases.ts';

type Row = { check: string; state: string; detail: string; help: string | null };
const CHECKS = ['connection', 'phase', 'scripts', 'drift', 'clock', 'connections', 'transactions'];

let db: TestDatabase;
afterEach(() => db?.close());

/** The exit code, and the checks that are not ok. */
async function doctor(options: CliOptions = {}) {
  const { code, stdout, stderr } = await db.cliWith(options, 'doctor', '--json');
  const rows = JSON.parse(stdout) as Row[];
  expect(rows.map(({ check }) => check)).toEqual(CHECKS);
  return { code, stderr, ailing: rows.filter(({ state }) => state !== 'ok') };
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
      statementTimeout: 0,
    });
    try {
      const before = await readVitals(connection.kysely);
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
