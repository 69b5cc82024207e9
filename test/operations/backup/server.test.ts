import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { shell, start } from '../../helpers/process.ts';
import { TIMED } from '../../helpers/timed.ts';
import { contents, expectHealthy, liveADay, nameOf, withoutSession } from './book.ts';
import { takeApart } from './forge.ts';

type Row = Record<string, unknown>;
const ROUNDS = Number(process.env['PINNACLE_BACKUP_KILLS'] ?? 2);

const CHANGE = `INSERT INTO strategies
  SELECT 's2', name, description, category, risk_level, 1, 1, 1, symbols, parameters, is_active, created_at FROM strategies`;

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-backup-server-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(servers)('backups of a $name among others', ({ open }) => {
  const other = ownServer();
  const opened: TestDatabase[] = [];
  let db: TestDatabase;
  const openOne = async (phase?: 0 | 4, url?: string) => {
    const one = await withoutSession(await open(phase, url));
    one.env['PINNACLE_BACKUP_DIR'] = folder;
    opened.push(one);
    return one;
  };
  const url = (of: TestDatabase) => String(of.env['DATABASE_URL']);
  const scratches = async (of: TestDatabase) =>
    (await of.query("SELECT datname FROM pg_database WHERE datname LIKE 'pinnacle\\_scratch\\_%'")).rows;

  beforeAll(async () => {
    db = await openOne();
    await liveADay(db);
    // More than a blink to restore.
    await db.query(`INSERT INTO notifications (notification_id, notification_type, title, message)
      SELECT 'n' || i, 'SYSTEM_ERROR', 't', repeat('x', 500) FROM generate_series(1, 20000) i`);
    await db.json('backup', 'create', '--output', path('one.pinbackup'));
  });
  afterAll(async () => {
    for (const one of opened) await one.close();
  });

  it('leaves out and names what is not ours, and is not misled by what it says', async () => {
    const source = await openOne();
    await liveADay(source);
    const before = await contents(source);
    await source.query(`CREATE TABLE elsewhere (a int); CREATE VIEW seen AS SELECT order_id FROM orders;
      CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER TABLE users ADD nickname text`);
    // Whoever may connect can say this of a large object.
    await source.query(`DO $$ DECLARE o oid := lo_create(0); BEGIN
      EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', o, E'note\n\\x\nCOPY public.users (user_id) FROM stdin;\n'); END $$`);
    const file = path('foreign.pinbackup');
    const { code, stdout, stderr } = await source.cli('backup', 'create', '--output', file, '--json');
    expect({ code, left_out: JSON.parse(stdout).left_out }).toEqual({ code: 0, left_out: 5 });
    for (const object of ['table public.elsewhere', 'view public.seen', 'function public.theirs'])
      expect(stderr).toContain(`left out: ${object}`);
    expect(stderr).toMatch(/left out: column users\.nickname\n(?:.*\n)*left out: large object \d+/);
    expect((await source.cli('backup', 'verify', file, '--deep')).code).toBe(0);
    const empty = await openOne(0, other());
    await empty.json('backup', 'restore', file);
    expect(await contents(empty)).toEqual(before);
  });

  it('goes from and to the schema that the search_path of a database names', async () => {
    const [source, target] = [await openOne(0), await openOne(0)];
    for (const one of [source, target]) {
      await one.query('CREATE SCHEMA trading');
      await one.query(`ALTER DATABASE ${nameOf(one)} SET search_path = trading, public`);
    }
    expect((await source.cli('migrate', 'up')).code).toBe(0);
    await liveADay(source);
    const file = path('schema.pinbackup');
    await source.json('backup', 'create', '--output', file);
    expect((await source.cli('backup', 'verify', file, '--deep')).code).toBe(0);
    await source.query("UPDATE strategies SET name = 'changed since'");
    await source.json('backup', 'restore', file, '--confirm', nameOf(source));
    await target.json('backup', 'restore', file);
    for (const one of [source, target]) {
      expect((await one.query("SELECT to_regclass('trading.users')::text AS t")).rows).toEqual([
        { t: 'users' },
      ]);
      expect((await one.query('SELECT name FROM strategies')).rows).toEqual([{ name: '' }]);
      await expectHealthy(one, ['doctor ledger', 'audit verify', 'migrate drift']);
    }
  });

  it('tells what was wrong with the book from what is wrong with the backup', async () => {
    const source = await openOne();
    await liveADay(source);
    await source.query("UPDATE users SET total_capital = total_capital + 1 WHERE user_id = 'u1'");
    const file = path('unsound.pinbackup');
    const made = await source.cli('backup', 'create', '--output', file, '--json');
    expect(JSON.parse(made.stdout).faults).toBeGreaterThan(0);
    expect(made.stderr).toContain('doctor ledger');
    const deep = await source.cli('backup', 'verify', file, '--deep', '--json');
    expect({ code: deep.code, ...JSON.parse(deep.stdout) }).toMatchObject({
      code: 0,
      problems: [],
      faults: expect.arrayContaining([{ check: 'ledger', name: 'capital', total: 1 }]),
    });
  });

  it('goes into an empty database of another server', async () => {
    const empty = await openOne(0, other());
    const { kept } = await empty.json<Row>('backup', 'restore', path('one.pinbackup'));
    expect(kept).toBeNull();
    expect(await contents(empty)).toEqual(await contents(db));
    await expectHealthy(empty);
    // Counters go on where they stood, and rows name a transaction that is in the log.
    await empty.json(
      'order',
      'place',
      '--user',
      'u1',
      '--symbol',
      'TCS',
      '--side',
      'BUY',
      '--type',
      'MARKET',
      '--quantity',
      '1',
    );
    await expectHealthy(empty, ['doctor ledger', 'audit verify']);
  });

  it('keeps partitions, and the grants of roles that are there', async () => {
    const source = await openOne();
    await liveADay(source);
    expect((await source.cli('access', 'apply', '--yes')).code).toBe(0);
    expect((await source.cli('partition', 'enable', 'orders', '--yes')).code).toBe(0);
    await source.query(`ALTER DATABASE ${nameOf(source)} SET work_mem = '5MB'`);
    const file = path('partitioned.pinbackup');
    await source.json('backup', 'create', '--output', file);
    const before = await contents(source);
    const restored = await source.cli('backup', 'restore', file, '--confirm', nameOf(source), '--json');
    expect({ code: restored.code, stderr: restored.code ? restored.stderr : '' }).toEqual({
      code: 0,
      stderr: '',
    });
    expect(JSON.parse(restored.stdout)).toMatchObject({ left_out: 0 });
    expect(await contents(source)).toEqual(before);
    expect(await source.json('access', 'plan')).toEqual([]);
    expect((await source.cli('partition', 'check')).code).toBe(0);
    expect((await source.query('SHOW work_mem')).rows).toEqual([{ work_mem: '5MB' }]);
    await expectHealthy(source);
    // Where there are no such roles, their rights are left out and said.
    const empty = await openOne(0, other());
    const elsewhere = await empty.cli('backup', 'restore', file, '--json');
    expect(elsewhere.stderr).toContain('left out: GRANT USAGE ON SCHEMA public TO pinnacle_owner');
    expect(JSON.parse(elsewhere.stdout).left_out).toBeGreaterThan(10);
    await expectHealthy(empty, ['doctor ledger', 'audit verify']);
  });

  it('is the work of a login that owns the database, and no superuser', async () => {
    const source = await openOne();
    await liveADay(source);
    expect((await source.cli('access', 'apply', '--yes')).code).toBe(0);
    const role = `restorer_${nameOf(source)}`.slice(0, 60);
    await source.query(`CREATE ROLE ${role} LOGIN CREATEDB; GRANT pinnacle_owner TO ${role}`);
    const env = { DATABASE_URL: url(source).replace('//postgres@', `//${role}@`) };
    const as = (...argv: string[]) => source.cliWith({ env }, 'backup', ...argv);
    const file = path('owned.pinbackup');
    expect((await as('create', '--output', file)).code).toBe(0);
    expect((await as('verify', file, '--deep')).code).toBe(0);
    const foreign = await as('restore', file, '--confirm', nameOf(source));
    expect({ code: foreign.code, stderr: foreign.stderr }).toEqual({
      code: 12,
      stderr: expect.stringContaining('belongs to postgres'),
    });
    await source.query(`ALTER DATABASE ${nameOf(source)} OWNER TO ${role}`);
    const restored = await as('restore', file, '--confirm', nameOf(source), '--json');
    const { left_out, kept } = JSON.parse(restored.stdout);
    // Before PostgreSQL 15 the schema of the new database belongs to a superuser: what is then still to do is said.
    const plan = await source.cli('access', 'plan', '--json', 'sql');
    const still: Row[] = JSON.parse(plan.stdout);
    expect(left_out).toBe(still.length);
    if (still[0]) expect(restored.stderr).toContain(`left out: ${still[0]['sql']}`);
    await source.query(`DROP DATABASE ${kept}`);
    await source.query(`ALTER DATABASE ${nameOf(source)} OWNER TO postgres`);
    await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it('is refused to a login that row-level security hides rows from', async () => {
    const source = await openOne();
    const role = `reader_${nameOf(source)}`.slice(0, 60);
    await source.query(`CREATE ROLE ${role} LOGIN; GRANT pg_read_all_data TO ${role}`);
    await source.query('ALTER TABLE users ENABLE ROW LEVEL SECURITY');
    const env = { DATABASE_URL: url(source).replace('//postgres@', `//${role}@`) };
    const argv = ['backup', 'create', '--output', path('hidden.pinbackup')];
    expect(await source.cliWith({ env }, ...argv)).toMatchObject({
      code: 12,
      stderr: expect.stringContaining('BYPASSRLS'),
    });
    await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it('leaves all as it is while others are connected, and names them', async () => {
    const client = new pg.Client({ connectionString: url(db), application_name: 'order-manager' });
    await client.connect();
    const before = await contents(db);
    const refused = await db.cli(
      'backup',
      'restore',
      path('one.pinbackup'),
      '--confirm',
      nameOf(db),
      '--json',
    );
    expect(refused.code).toBe(10);
    expect(refused.stderr).toContain('order-manager');
    await client.end();
    expect(await contents(db)).toEqual(before);
  });

  it('refuses a login that may not read everything, and says who may', async () => {
    await db.query('DROP ROLE IF EXISTS backup_reader');
    await db.query('CREATE ROLE backup_reader LOGIN');
    await db.query('GRANT SELECT ON users, pinnacle_migrations TO backup_reader');
    const login = url(db).replace('//postgres@', '//backup_reader@');
    const refused = await db.cliWith({ env: { DATABASE_URL: login } }, 'backup', 'create', '--json');
    expect({ code: refused.code, message: refused.stderr }).toEqual({
      code: 12,
      message: expect.stringMatching(/NOT_PERMITTED.*pinnacle_owner/),
    });
    await db.query('DROP OWNED BY backup_reader; DROP ROLE backup_reader');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s in the middle of it leaves no file, within 2 s',
    TIMED,
    async (signal) => {
      const file = path(`${signal}.pinbackup`);
      const blocker = new pg.Client({ connectionString: url(db) });
      await blocker.connect();
      await blocker.query('BEGIN; LOCK TABLE strategies IN ACCESS EXCLUSIVE MODE');
      const running = start(db.env, 'backup', 'create', '--output', file);
      await waiting(db);
      const sent = performance.now();
      running.child.kill(signal);
      const { code } = await running.ended;
      const soon = performance.now() - sent < 2_000;
      await blocker.end();
      expect({ code, soon }).toEqual({
        code: signal === 'SIGINT' ? 130 : 143,
        soon: true,
      });
      expect(readdirSync(folder).filter((name) => name.includes(signal))).toEqual([]);
    },
  );

  it(`killed in the middle of a restore, ${ROUNDS} times, the database is what it was or all of the backup`, async () => {
    const before = await contents(db);
    await db.query(CHANGE);
    let changed = await contents(db);
    const argv = ['backup', 'restore', path('one.pinbackup'), '--confirm', nameOf(db)];
    const began = performance.now();
    const whole = start(db.env, 'backup', 'verify', path('one.pinbackup'), '--deep');
    expect((await whole.ended).code).toBe(0);
    let takes = performance.now() - began;
    let done = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      const code = await killedAfter(takes * (0.2 + 0.9 * ((round + Math.random()) / ROUNDS)), db.env, argv);
      const now = await eventually(() => contents(db));
      const complete = code === 0 || JSON.stringify(now) === JSON.stringify(before);
      expect(now).toEqual(complete ? before : changed);
      done += Number(complete);
      if (!complete) continue;
      takes = Math.min(takes, performance.now() - started);
      // What another program changes is on record with its time.
      await db.query(CHANGE);
      changed = await contents(db);
    }
    expect(done).toBeLessThan(ROUNDS);
    // Whatever was left lies under a name of its own until the next one takes it away.
    // The server may be a while with the session of the one that was killed.
    await eventually(async () => {
      const { code, stderr } = await db.cli(...argv, '--json');
      expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' });
      expect(await scratches(db)).toEqual([]);
    });
    expect(await contents(db)).toEqual(before);
  }, 600_000);

  it('an interrupted proof takes its scratch database away', async () => {
    expect(await scratches(db)).toEqual([]);
    const running = start(db.env, 'backup', 'verify', path('one.pinbackup'), '--deep');
    await eventually(async () => expect(await scratches(db)).toHaveLength(1));
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' });
    await eventually(async () => expect(await scratches(db)).toEqual([]));
  });

  it('can be read without pinnacle', async () => {
    const empty = await openOne();
    const file = path('one.pinbackup');
    const { tables } = takeApart(file).trailer;
    const { code, stderr } = await shell(
      {},
      `set +o pipefail; tail -n +2 ${file} | { gunzip 2>/dev/null || [ $? -eq 2 ]; } | tail -c +${tables[0].bytes + 1} | head -c ${tables[1].bytes} |
         psql -X -q -v ON_ERROR_STOP=1 -c 'COPY users FROM STDIN' '${url(empty)}'`,
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect((await contents(empty))['users']).toEqual((await contents(db))['users']);
  });
});

/** Kills a command after so many milliseconds, unless it has ended; gives its exit code then. */
async function killedAfter(ms: number, env: Record<string, string>, argv: string[]): Promise<number | null> {
  const running = start(env, ...argv);
  const timer = setTimeout(() => running.child.kill('SIGKILL'), ms);
  const { code } = await running.ended;
  clearTimeout(timer);
  return code;
}

/** Until a session waits for a lock. */
async function waiting(db: TestDatabase): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const { rows } = await db.query(
      "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'pinnacle%'",
    );
    if (rows.length > 0) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error('nobody waits');
}

/** What works in the end: a killed session has the server busy for a moment. */
async function eventually<T>(look: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++)
    try {
      return await look();
    } catch (error) {
      if (i > 600) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
}
