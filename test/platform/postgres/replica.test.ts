import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findClient } from '../../helpers/binaries.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { runSql, type Server, startReplica, startServer } from '../../helpers/postgres.ts';
import { start } from '../../helpers/process.ts';
import { TIMED } from '../../helpers/timed.ts';
import { until } from '../../helpers/topologies.ts';
import { words } from '../../helpers/words.ts';

const READS = Number(process.env['PINNACLE_REPLICA_READS'] ?? 40);
const WRITES = Math.min(READS / 2, 200);

const canReplicate = inject('serverUrl') && findClient('pg_basebackup');

describe.runIf(canReplicate)('with replicas', { timeout: 300_000 }, () => {
  let primary: Server;
  let db: TestDatabase;
  let name: string;
  const started: Server[] = [];
  const urlOn = (server: Server) => server.url.replace(/\/postgres\?/, `/${name}?`);

  /** A replica that has caught up. */
  async function replica(): Promise<Server> {
    const server = await startReplica(primary.url, { max_standby_streaming_delay: '100ms' });
    started.push(server);
    await until(async () => (await standing(server)).state === 'ready');
    return server;
  }
  let shared: Promise<Server> | undefined;
  /** A replica of all tests that leave it as it was. */
  function sound(): Promise<Server> {
    shared ??= replica();
    return shared;
  }
  async function standing(...of: Server[]) {
    const env = { PINNACLE_REPLICAS: of.map(urlOn).join(' ') };
    const { stdout } = await db.cliWith({ env }, 'doctor', 'replicas', '--json');
    return JSON.parse(stdout)[0];
  }
  const using = (...of: Server[]) => {
    db.env['PINNACLE_REPLICAS'] = of.map(urlOn).join(' ');
  };
  const scans = async (server: Server) => {
    const sql = `SELECT sum(seq_scan + coalesce(idx_scan, 0))::int AS n FROM pg_stat_user_tables WHERE relname IN ('orders', 'strategies')`;
    return Number((await runSql(urlOn(server), sql))[0]?.['n']);
  };
  /** Which server read the table of orders for a command that must succeed. */
  async function answeredBy(one: Server, ...argv: string[]): Promise<'primary' | 'replica'> {
    const before = await Promise.all([scans(primary), scans(one)]);
    const { code, stderr } = await db.cli(...argv);
    expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' });
    let after = before;
    // Counted by the server when the session ends.
    await until(async () => {
      after = await Promise.all([scans(primary), scans(one)]);
      return after.some((n, i) => n > (before[i] ?? 0));
    }, 5_000);
    expect(after.filter((n, i) => n > (before[i] ?? 0))).toHaveLength(1);
    return after[1] > before[1] ? 'replica' : 'primary';
  }
  const place = (id: string) =>
    db.cli(...words(`order place --order-id ${id} --user u --symbol TCS --side BUY --quantity 1`));

  beforeAll(async () => {
    primary = await startServer();
    db = (await servers[0]?.open(4, primary.url)) as TestDatabase;
    name = /\/(\w+)\?/.exec(db.env['DATABASE_URL'] ?? '')?.[1] ?? '';
    await given.user(db, 'u');
    await place('first');
  });
  afterAll(async () => {
    await db?.close();
    await Promise.all(started.map((server) => server.stop()));
    await primary?.stop();
  });

  it('one that has caught up answers lists and reports, and nothing else', async () => {
    const one = await sound();
    using(one);
    expect(await answeredBy(one, 'order', 'list')).toBe('replica');
    expect(await answeredBy(one, 'strategy', 'stats')).toBe('replica');
    expect(await answeredBy(one, 'order', 'list', '--primary')).toBe('primary');
    expect(await answeredBy(one, 'order', 'show', 'first')).toBe('primary');
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-export-'));
    const output = join(folder, 'orders.csv');
    expect(await answeredBy(one, 'order', 'export', '--output', output)).toBe('replica');
    expect(readFileSync(output, 'utf8')).toContain('first');
    rmSync(folder, { recursive: true });
  });

  it('a read that prints rows as it reads them is sent to the primary, once', async () => {
    const one = await sound();
    using(one);
    expect(await answeredBy(one, 'order', 'export')).toBe('primary');
    expect(await answeredBy(one, 'order', 'list', '--all')).toBe('primary');
    expect(await answeredBy(one, 'strategy', 'list', '--all')).toBe('primary');
  });

  it(`what was written is read, ${WRITES} times in a row`, async () => {
    const one = await sound();
    using(one);
    for (let i = 0; i < WRITES; i++) {
      expect((await place(`mine_${i}`)).code).toBe(0);
      const [newest] = await db.json<{ order_id: string }[]>('order', 'list', '--limit', '1');
      expect(newest?.order_id).toBe(`mine_${i}`);
    }
    expect(await scans(one)).toBeGreaterThan(WRITES / 10);
  });

  it('one that lags is passed over, said, and used again', async () => {
    const one = await sound();
    using(one);
    await runSql(one.url, 'SELECT pg_wal_replay_pause()');
    await until(
      async () =>
        (await runSql(one.url, 'SELECT pg_get_wal_replay_pause_state() AS s'))[0]?.['s'] === 'paused',
    );
    await place('late');
    expect(await answeredBy(one, 'order', 'list')).toBe('primary');
    const { code, stdout } = await db.cli('doctor', 'replicas', '--json');
    expect({ code, rows: JSON.parse(stdout) }).toMatchObject({ code: 6, rows: [{ state: 'behind' }] });
    expect(JSON.parse(stdout)[0].lag_bytes).toBeGreaterThan(0);
    await runSql(one.url, 'SELECT pg_wal_replay_resume()');
    await until(async () => (await standing(one)).state === 'ready');
    expect(await answeredBy(one, 'order', 'list')).toBe('replica');
  });

  it('one that is dead, or hangs, costs less than a second and is said', TIMED, async () => {
    const [dead, hung] = [await replica(), await replica()];
    dead.signal('SIGQUIT');
    await until(async () => (await standing(dead)).state === 'unreachable');
    hung.signal('SIGSTOP');
    using(dead, hung);
    const env = { ...db.env };
    const timed = async (...argv: string[]) => {
      const begin = performance.now();
      const { code, stderr } = await start(env, ...argv).ended;
      return { code, stderr, took: performance.now() - begin };
    };
    const without = await timed('order', 'list', '--primary');
    const listed = await timed('order', 'list', '--status', 'FILLED');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.took - without.took).toBeLessThan(1_000);
    const said = await timed('doctor', 'replicas');
    expect(said.code).toBe(6);
    hung.signal('SIGCONT');
  });

  it('one that was promoted, or is of another cluster, never answers', async () => {
    const one = await replica();
    await runSql(one.url, 'SELECT pg_promote()');
    await runSql(urlOn(one), 'DELETE FROM notifications', "UPDATE orders SET symbol = 'WRONG'");
    // Who reads from the promoted one has no use for what follows the old primary, however far that is.
    const old = await replica();
    for (let i = 0; i < 30; i++) await place(`old_${i}`);
    const failedOver = { DATABASE_URL: urlOn(one), PINNACLE_REPLICAS: urlOn(old) };
    expect((await db.cliWith({ env: failedOver }, 'doctor', 'replicas')).stdout).toContain('another primary');
    expect((await db.cliWith({ env: failedOver }, 'order', 'list', '--csv')).stdout).not.toContain('old_');
    const next = await startReplica(one.url);
    started.push(next);
    const env = { DATABASE_URL: urlOn(one), PINNACLE_REPLICAS: urlOn(next) };
    await until(async () => (await db.cliWith({ env }, 'doctor', 'replicas')).code === 0, 10_000);
    expect((await db.cliWith({ env }, 'order', 'list', '--csv')).stdout).toContain('WRONG');
    using(one);
    const { stdout } = await db.cli('order', 'list', '--csv');
    expect(stdout).not.toContain('WRONG');
    expect(await standing(one)).toMatchObject({
      state: 'unfit',
      detail: expect.stringContaining('promoted'),
    });
    const other = await startServer();
    started.push(other);
    db.env['PINNACLE_REPLICAS'] = other.url;
    expect((await db.cli('order', 'list')).code).toBe(0);
    expect((await db.cli('doctor', 'replicas')).stdout).toContain('another cluster');
  });

  it('without the primary nothing is answered: nobody knows what a replica has missed', async () => {
    using(await sound());
    const env = { DATABASE_URL: 'postgres://postgres@/x?host=%2Fnowhere' };
    expect((await db.cliWith({ env }, 'order', 'list')).code).toBe(7);
  });

  it('needs no right that every login has not', async () => {
    const one = await sound();
    await runSql(
      urlOn(primary),
      'CREATE ROLE clerk LOGIN',
      'GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk',
    );
    const as = (server: Server) => urlOn(server).replace('postgres@', 'clerk@');
    const env = { DATABASE_URL: as(primary), PINNACLE_REPLICAS: as(one) };
    await until(async () => (await db.cliWith({ env }, 'doctor', 'replicas')).code === 0, 10_000);
    expect((await db.cliWith({ env }, 'doctor', 'replicas')).stdout).toContain('ready');
  });

  it('passwords of replicas are masked, and those of a file give way with its database', async () => {
    const env = { PINNACLE_REPLICAS: 'postgres://u:secret@r1/d postgres://u:secret@r2/d' };
    const { stdout } = await db.cliWith({ env }, 'config', 'show');
    expect(stdout).toContain('["postgres://u:***@r1/d","postgres://u:***@r2/d"]');
    expect(stdout).not.toContain('secret');
  });

  it(`${READS} reads while replicas lag, are killed and promoted: none wrong, none failed`, async () => {
    const [one, two] = [await replica(), await replica()];
    using(one, two);
    await given.user(db, 'w');
    let [written, begun, reads] = [0, 0, 0];
    const wrong: unknown[] = [];
    let over = false;
    const writer = async () => {
      while (!over) {
        begun++;
        const line = `order place --order-id w_${begun} --user w --symbol TCS --side BUY --quantity 1`;
        expect((await db.cli(...words(line))).code).toBe(0);
        written = begun;
      }
    };
    const reader = async () => {
      while (reads < READS) {
        reads++;
        const atLeast = written;
        const line = 'order list --user w --limit 1000000 --json order_id';
        const { code, stdout, stderr } = await db.cli(...words(line));
        const found = code === 0 ? JSON.parse(stdout).length : -1;
        if (code !== 0 || stderr !== '' || found < atLeast || found > begun)
          wrong.push({ code, stderr, found, atLeast, begun });
      }
    };
    const reached = (share: number) => until(() => reads >= READS * share, 240_000);
    const events = async () => {
      await reached(0.15);
      await runSql(one.url, 'SELECT pg_wal_replay_pause()');
      await reached(0.3);
      await runSql(one.url, 'SELECT pg_wal_replay_resume()');
      for (let i = 0; i < 20; i++) {
        const all = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pinnacle/%'`;
        await Promise.all([runSql(one.url, all), runSql(two.url, all)]);
      }
      await reached(0.5);
      one.signal('SIGQUIT');
      await reached(0.7);
      await runSql(two.url, 'SELECT pg_promote()');
      await runSql(urlOn(two), "DELETE FROM orders WHERE user_id = 'w'");
    };
    const writing = writer();
    await Promise.all([reader(), reader(), reader(), events()]);
    over = true;
    await writing;
    expect(wrong).toEqual([]);
  });
});
