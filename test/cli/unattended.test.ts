import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectServer } from '../../src/platform/postgres/connect.ts';
import { databases, embedded, servers, type TestDatabase } from '../helpers/databases.ts';
import { type Ended, start } from '../helpers/process.ts';
import { words } from '../helpers/words.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-unattended-'));
afterAll(() => rmSync(folder, { recursive: true }));

const USER = 'user add --user-id u1 --name A --email a@example.com --json';
const RULE = 'risk set u1 MIN_CAPITAL_THRESHOLD 1';

// As many as start within the three seconds that the one which works waits for its lock, on a busy machine, too.
const COPIES = 5;

describe.each(servers)(`the same job ${COPIES} times at once on $name`, ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const line of [USER, RULE]) expect((await db.cli(...words(line))).code).toBe(0);
  });
  afterAll(() => db.close());

  /** Starts risk checks, of which one comes to the rules and waits there until the others have ended. */
  const allAtOnce = async (...flags: string[]): Promise<Ended[]> => {
    await db.query('BEGIN');
    await db.query('LOCK TABLE risk_rules');
    const running = Array.from({ length: COPIES }, () => start(db.env, 'risk', 'check', ...flags).ended);
    const ended: Ended[] = [];
    for (const each of running) void each.then((one) => ended.push(one));
    while (ended.length < COPIES - 1) await new Promise((tick) => setTimeout(tick, 20));
    expect(ended).toHaveLength(COPIES - 1);
    await db.query('COMMIT');
    return Promise.all(running);
  };

  it('one works, and the others end 10 saying since when', async () => {
    const all = await allAtOnce('--json');
    expect(all.map(({ code }) => code).sort()).toEqual([0, ...Array(COPIES - 1).fill(10)]);
    for (const { stdout, stderr } of all.filter(({ code }) => code === 10)) {
      expect(stdout).toBe('');
      expect(JSON.parse(stderr.slice(stderr.indexOf('{'))).error).toMatchObject({
        code: 'ALREADY_RUNNING',
        message: expect.stringMatching(/^The same command is running already, since 20\d\d-.*Z\.$/),
        retryable: true,
        changed: false,
      });
    }
  });

  it('with --skip-if-running the others end 0 and say so; with --quiet, too, they say nothing', async () => {
    const all = await allAtOnce('--skip-if-running');
    expect(all.map(({ code }) => code)).toEqual(Array(COPIES).fill(0));
    expect(all.filter(({ stderr }) => stderr.includes('Nothing was done.'))).toHaveLength(COPIES - 1);
    const quiet = await allAtOnce('--skip-if-running', '--quiet');
    expect(quiet).toEqual(Array(COPIES).fill({ code: 0, stdout: '', stderr: '' }));
  });

  it('another command line is another job, and one that was killed leaves the way free', async () => {
    await db.query('BEGIN');
    await db.query('LOCK TABLE risk_rules');
    const { child, ended } = start(db.env, 'risk', 'check');
    const guards =
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while ((await db.query(guards)).rows.length === 0) await new Promise((tick) => setTimeout(tick, 20));
    const other = start(db.env, 'risk', 'check', 'u1', '--timeout', '200ms').ended;
    expect((await other).stderr).not.toContain('running already');
    child.kill('SIGKILL');
    await ended;
    await db.query('COMMIT');
    while ((await db.query(guards)).rows.length > 0) await new Promise((tick) => setTimeout(tick, 20));
    expect((await db.cli('risk', 'check')).code).toBe(0);
  });

  it('what waits guarding is no transaction that doctor would have ended', async () => {
    await db.query('BEGIN');
    await db.query('LOCK TABLE risk_rules');
    const { ended } = start(db.env, 'risk', 'check');
    const { readTransactions } = await import('../../src/operations/health/server-stats.ts');
    const { kysely, close } = connectServer(String(db.env['DATABASE_URL']), {
      applicationName: 'test',
      poolSize: 1,
      statementTimeoutMs: 0,
    });
    const open = async () => (await readTransactions(kysely)).map(({ program }) => program);
    const waiting = "SELECT FROM pg_locks WHERE relation = 'risk_rules'::regclass AND NOT granted";
    while ((await db.query(waiting)).rows.length === 0) await new Promise((tick) => setTimeout(tick, 20));
    expect(await open()).toEqual(['pinnacle/risk check']);
    await close();
    await db.query('COMMIT');
    expect((await ended).code).toBe(0);
  });
});

describe('the same job at once on an embedded database', () => {
  it('none overlaps another', async () => {
    const db = await embedded.open();
    const all = await Promise.all([1, 2, 3].map(() => start(db.env, 'risk', 'check').ended));
    expect(all.map(({ code }) => code).sort()[0]).toBe(0);
    for (const { code, stderr } of all) expect([0, 10], stderr).toContain(code);
    await db.close();
  });
});

describe.each(databases)('--quiet and --log on $name', ({ open }) => {
  let db: TestDatabase;
  const log = join(folder, 'jobs.log');
  const entries = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  beforeAll(async () => {
    db = await open();
    for (const line of [USER, RULE]) expect((await db.cli(...words(line))).code).toBe(0);
  });
  afterAll(() => db.close());

  it('--quiet: a write that goes well says nothing at all, unless its result is asked for', async () => {
    const place =
      'order place --user u1 --symbol TCS --side BUY --type LIMIT --quantity 1 --price 100 --quiet';
    expect(await db.cli(...words(`${place} --order-id q1`))).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await db.cli(...words(`${place} --order-id q2 --columns order_id`))).stdout).toBe(
      'order_id\tq2\n',
    );
    expect((await db.cli(...words(`${place} --order-id q3 --json order_id`))).stdout).toBe(
      '{"order_id":"q3"}\n',
    );
    expect(await db.cli(...words(`${place} --order-id q1`))).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('q1'),
    });
    expect((await db.cli('order', 'list', '--quiet')).stdout).toContain('q3');
  });

  it('--quiet: a check prints what it finds, and nothing where all is well', async () => {
    expect(await db.cli('risk', 'check', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await db.cli('doctor', 'ledger', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
    await db.cli(...words('risk set u1 MIN_CAPITAL_THRESHOLD 99999999'));
    const found = await db.cli('risk', 'check', '--quiet');
    expect(found.code).toBe(6);
    expect(found.stdout).toContain('MIN_CAPITAL_THRESHOLD');
    await db.cli(...words(RULE));
  });

  it('--quiet: a key that would be shown to nobody is not made', async () => {
    const { code, stderr } = await db.cliWith({ tty: true }, 'user', 'rotate-key', 'u1', '--quiet');
    expect(code).toBe(2);
    expect(stderr).toContain('--output-file');
  });

  it('--log: what is said and how it ended, a line of JSON each, also under --quiet', async () => {
    expect((await db.cli('risk', 'check', '--quiet', '--log', log)).code).toBe(0);
    expect((await db.cli(...words('order show nothing'), '--log', log)).code).toBe(3);
    const [first, second] = [entries().findIndex(({ level }) => level === 'end'), entries().length - 1];
    expect(entries()[0]).toMatchObject({ level: 'info', command: 'risk check', pid: process.pid });
    expect(entries()[0].message).toMatch(/^-> /);
    expect(entries()[first]).toMatchObject({ command: 'risk check', exit: 0, ms: expect.any(Number) });
    expect(entries()[second - 1]).toMatchObject({
      level: 'error',
      code: 'ORDER_NOT_FOUND',
      command: 'order show',
    });
    expect(entries()[second]).toMatchObject({ level: 'end', exit: 3 });
    expect(entries()[second].at).toMatch(/^20\d\d-\d\d-\d\dT.*Z$/);
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });

  it('--log: nothing is done where the file cannot be written', async () => {
    const [pipe, linked] = [join(folder, 'pipe'), join(folder, 'linked')];
    execFileSync('mkfifo', [pipe]);
    writeFileSync(join(folder, 'target'), '');
    symlinkSync(join(folder, 'target'), linked);
    const before = await db.audits();
    for (const path of [folder, pipe, linked, '/dev/full', join(folder, 'no', 'such')]) {
      const { code, stderr } = await db.cli(...words('user disable u1'), '--log', path);
      expect({ path, code }).toEqual({ path, code: 74 });
      expect(stderr).toContain(path);
    }
    expect(await db.audits()).toEqual(before);
  });

  it('session end --all ends every active session, each with the capital of its trader', async () => {
    for (const id of ['u2', 'u3'])
      await db.cli(
        ...words(`user add --user-id ${id} --name ${id} --email ${id}@example.com --capital 5 --json`),
      );
    for (const id of ['u1', 'u2', 'u3'])
      expect((await db.cli('session', 'start', '--user', id)).code).toBe(0);
    await db.refused('session end --all --user u1', { code: 2 });
    await db.refused('session end', { code: 2 });
    const ended = await db.json<Record<string, unknown>[]>('session', 'end', '--all');
    expect(
      ended.map(({ user_id, status, capital_at_end }) => [user_id, status, capital_at_end]).sort(),
    ).toEqual([
      ['u1', 'COMPLETED', '100000.00'],
      ['u2', 'COMPLETED', '5.00'],
      ['u3', 'COMPLETED', '5.00'],
    ]);
    expect(await db.audits('session end')).toMatchObject([{ body: { ended: 3 } }]);
    expect(await db.json('session', 'end', '--all')).toEqual([]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });
});
