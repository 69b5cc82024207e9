import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { NO_PROJECTION } from '../../../src/audit/after-commit.ts';
import { change } from '../../../src/audit/change.ts';
import { connectServer } from '../../../src/platform/postgres/connect.ts';
import { type Bouncer, findBouncer, startBouncer } from '../../helpers/bouncer.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { type Server, startServer } from '../../helpers/postgres.ts';
import { start } from '../../helpers/process.ts';
import { words } from '../../helpers/words.ts';

const readme = readFileSync('README.md', 'utf8');
const [firstBook = '', tradingDay = ''] = [...readme.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```/g)].map(
  ([, block]) => block,
);
const commandsIn = (block = '') =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter((line) => line.startsWith('pinnacle '))
    .map((line) => words(line).slice(1));

const SETTINGS = ['TimeZone', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
const current = sql<{ all: string[] }>`
  SELECT ARRAY(SELECT current_setting(name) FROM unnest(${SETTINGS}::text[]) WITH ORDINALITY AS n (name, i) ORDER BY i) AS all`;

describe.runIf(inject('serverUrl') && findBouncer())('through PgBouncer in transaction mode', () => {
  let server: Server;
  let bouncer: Bouncer;
  let deaf: Bouncer;
  let db: TestDatabase;
  let directUrl: string;
  let name: string;
  beforeAll(async () => {
    // What the program does not set itself would show: far from UTC.
    server = await startServer({ TimeZone: 'Asia/Kolkata' });
    [bouncer, deaf] = await Promise.all([
      startBouncer(server.url),
      startBouncer(server.url, { ignore_startup_parameters: 'options, extra_float_digits' }),
    ]);
    const kind = servers[0];
    if (!kind) throw new Error('no server');
    db = await kind.open(0, server.url);
    directUrl = db.env['DATABASE_URL'] ?? '';
    name = /\/(\w+)\?/.exec(directUrl)?.[1] ?? '';
    Object.assign(db.env, { DATABASE_URL: bouncer.urlOf(name), PINNACLE_MIGRATE_URL: directUrl });
  });
  afterAll(async () => {
    await db?.close();
    await Promise.all([bouncer?.stop(), deaf?.stop()]);
    await server?.stop();
  });
  const connect = (url: string) =>
    connectServer(url, { applicationName: 'pinnacle/test', poolSize: 4, statementTimeoutMs: 200 });

  it.each(
    commandsIn(firstBook)
      .concat(commandsIn(tradingDay))
      .map((argv) => [argv.join(' '), argv] as const),
  )('works as the README says: %s', async (_line, argv) => {
    const env = { PINNACLE_FORCE_TTY: '1' };
    const { code, stderr } = await db.cliWith({ cwd: process.cwd(), env }, ...argv);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.each([
    'migrate up',
    'migrate down --yes',
    'access apply --yes',
    'partition enable --yes',
    'partition ensure',
  ])('%s refuses a pooled URL and asks for migrateUrl', async (line) => {
    for (const url of [bouncer.urlOf(name), deaf.urlOf(name)]) {
      const env = { DATABASE_URL: url, PINNACLE_MIGRATE_URL: url };
      const { code, stderr } = await db.cliWith({ env }, ...words(line));
      expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('migrateUrl') });
    }
  });

  it('its settings hold in every statement, and are left to nobody', async () => {
    for (const pooler of [bouncer, deaf]) {
      const connection = connect(pooler.urlOf(name));
      const all = ['UTC', '200ms', '3s', '30s'];
      const { kysely } = connection;
      expect((await current.execute(kysely)).rows).toEqual([{ all }]);
      const inside = await kysely.transaction().execute((trx) => current.execute(trx));
      expect(inside.rows).toEqual([{ all }]);
      for (const isolation of ['repeatable read', 'serializable'] as const) {
        const trx = await kysely.startTransaction().setIsolationLevel(isolation).execute();
        expect((await current.execute(trx)).rows).toEqual([{ all }]);
        await trx.rollback().execute();
      }
      await expect(sql`SELECT pg_sleep(5)`.execute(kysely)).rejects.toMatchObject({ code: '57014' });
      await expect(sql`SELECT 1/0`.execute(kysely)).rejects.toMatchObject({ code: '22012' });
      expect((await current.execute(kysely)).rows).toEqual([{ all }]);
      await connection.close();
    }
    const left = await db.query(
      `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' UNION ALL
       SELECT count(*)::int FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()`,
    );
    expect(left.rows).toEqual([{ n: 0 }, { n: 0 }]);
  });

  it('a direct connection asks for nothing more', async () => {
    const applicationName = 'pinnacle/direct';
    const connection = connectServer(directUrl, { applicationName, poolSize: 4, statementTimeoutMs: 200 });
    const asked = await sql<{ source: string; sessions: number }>`
      SELECT (SELECT string_agg(DISTINCT source, ',') FROM pg_settings
              WHERE name = ANY (${SETTINGS}::text[]) AND source <> 'client') AS source,
             count(*)::int AS sessions
      FROM pg_stat_activity WHERE application_name = ${applicationName}`.execute(connection.kysely);
    await connection.close();
    // All came with the one session there is; a SET of its own would have made it 'session'.
    expect(asked.rows).toEqual([{ source: null, sessions: 1 }]);
  });

  it('two hundred commands at once share one session of the server', async () => {
    await given.user(db, 'many');
    const place = words(
      'order place --user many --symbol TCS --side BUY --type LIMIT --quantity 1 --price 1',
    );
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => db.cli(...place, '--debug', '--order-id', `many_${i}`)),
    );
    expect(results.filter(({ code }) => code !== 0)).toEqual([]);
    const { rows } = await db.query(
      `SELECT (SELECT count(*)::int FROM orders WHERE user_id = 'many') AS orders,
              (SELECT count(*)::int FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND datname = current_database()) AS sessions`,
    );
    // The test has a session of its own; the second PgBouncer has one idle.
    expect(rows[0]).toMatchObject({ orders: 200 });
    expect(Number(rows[0]?.['sessions'])).toBeLessThanOrEqual(3);
  });

  it('halts, exports, lists and seals', async () => {
    expect((await db.cli(...words('risk halt many --reason test --yes'))).code).toBe(0);
    const refused = await db.cli(...words('order place --user many --symbol TCS --side BUY --quantity 1'));
    expect(refused.code).toBe(5);
    expect((await db.cli(...words('risk resume many --reason test --confirm many'))).code).toBe(0);
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-export-'));
    const file = join(folder, 'orders.csv');
    expect((await db.cli('order', 'export', '--user', 'many', '--output', file)).code).toBe(0);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(201);
    expect(existsSync(`${file}.new`)).toBe(false);
    rmSync(folder, { recursive: true });
    expect(
      (await db.cli('order', 'list', '--user', 'many', '--all', '--csv')).stdout.split('\n'),
    ).toHaveLength(202);
    for (const line of ['audit seal', 'audit verify', 'doctor ledger', 'risk status'])
      expect({ line, ...(await db.cli(...words(line))) }).toMatchObject({ line, code: 0 });
  }, 120_000);

  it('asks another session what became of a COMMIT whose answer was lost', async () => {
    const connection = connect(bouncer.urlOf(name));
    const { committing } = connection;
    connection.committing = async (commit) => {
      await committing(commit);
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
    };
    const { signal } = new AbortController();
    const options = {
      ...{ command: 'test', labels: {}, dryRun: false, signal },
      ...{ phase: 4 as const, step: 1, afterCommit: NO_PROJECTION },
    };
    const work = async () => ({ result: 'done', audit: { target: 'user many', body: {} } });
    expect(await change(connection, options, work)).toBe('done');
    await connection.close();
  });

  it('real processes: the sessions of one that is killed are given back', async () => {
    const running = start(db.env, ...words('order list --user many --all --json'));
    running.child.kill('SIGKILL');
    await running.ended;
    expect((await start(db.env, 'doctor', 'ledger').ended).code).toBe(0);
  });
});
