import { afterEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';

let db: TestDatabase;
afterEach(() => db?.close());

const PHASES = ['core_tables', 'positions_strategies', 'notifications_sessions', 'risk_advanced'];

describe.each(databases)('migrate up on the $name database', ({ open }) => {
  it('applies all phases, and nothing when repeated', async () => {
    db = await open(0);
    const first = await db.json<Record<string, unknown>[]>('migrate', 'up');
    expect(first.map(({ name }) => name)).toEqual(PHASES);
    expect(first.every(({ state }) => state === 'applied')).toBe(true);
    const again = await db.cli('migrate', 'up', '--json');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing to do') });
    expect(JSON.parse(again.stdout)).toEqual(first);
    expect(await db.json('migrate', 'status')).toEqual(first);
  });

  it('stops where it is told to, and goes on from there', async () => {
    db = await open(0);
    expect(await db.json('migrate', 'up', '--to', '2')).toHaveLength(2);
    expect((await db.cli('migrate', 'status', '--exit-code')).code).toBe(6);
    expect((await db.cli('migrate', 'up')).stderr).toMatch(
      /phase 3 .* applied in .*\nphase 4 .* applied in /,
    );
    expect((await db.cli('migrate', 'status', '--exit-code')).code).toBe(0);
    expect((await db.cli('migrate', 'up', '--to', '2')).code).toBe(0);
    expect((await db.cli('migrate', 'up', '--to', '9')).code).toBe(2);
  });

  it('leaves an audit row for each phase', async () => {
    db = await open(2);
    await db.cli('migrate', 'up', '--to', '3');
    const audits = await db.audits();
    expect(audits.map(({ target }) => target)).toEqual(['phase 1', 'phase 2', 'phase 3']);
    const { rows: recorded } = await db.query('SELECT up_sha256 FROM pinnacle_migrations WHERE phase = 3');
    expect(audits[2]?.body).toMatchObject({
      by: { os_user: 'tester' },
      direction: 'up',
      name: PHASES[2],
      sha256: recorded[0]?.['up_sha256'],
    });
  });

  it('changes nothing in a dry run', async () => {
    db = await open(0);
    const { code, stderr, stdout } = await db.cli('migrate', 'up', '--dry-run');
    expect({ code, lines: stdout.split('\n').length }).toEqual({ code: 0, lines: 5 });
    expect(stderr).toContain('rolled back');
    expect((await db.query("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).rows).toEqual(
      [],
    );
  });

  it('says which statement failed when a table of another tool is in the way', async () => {
    db = await open(0);
    await db.query('CREATE TABLE users (id int)');
    const { code, stderr, stdout } = await db.cli('migrate', 'up', '--json');
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    const { error } = JSON.parse(stderr.slice(stderr.indexOf('{')));
    expect(error).toMatchObject({ code: 'NAME_TAKEN', changed: false });
    expect(error.message).toMatch(
      /statement 4 \(line 14 of migrations\/1_core_tables\/01_core_tables\/up.sql\): relation "users" already exists\nCREATE TABLE users \(/,
    );
    expect(error.message).toMatch(/\nFound: table users \(id\), owned by postgres$/);
    expect(error.hint).toContain('pinnacle migrate baseline 1');
    expect((await db.query("SELECT FROM pg_type WHERE typname = 'order_side'")).rows).toEqual([]);
  });

  it('refuses a table of another program that has the name of the history', async () => {
    db = await open(0);
    await db.query('CREATE TABLE pinnacle_migrations (version int)');
    for (const verb of ['up', 'plan', 'status'])
      expect(await db.cli('migrate', verb)).toMatchObject({
        code: 5,
        stdout: '',
        stderr: expect.stringContaining('pinnacle_migrations with other columns'),
      });
  });

  it('says that earlier phases stay when a later one fails', async () => {
    db = await open(0);
    await db.query('CREATE TABLE trading_sessions (id int)');
    const { code, stderr } = await db.cli('migrate', 'up', '--json');
    expect(code).toBe(5);
    expect(stderr).toContain('"changed":true');
    const status = await db.json<{ state: string }[]>('migrate', 'status');
    expect(status.map(({ state }) => state)).toEqual(['applied', 'applied', 'pending', 'pending']);
  });

  it('refuses scripts that are not those that were applied', async () => {
    db = await open(2);
    await db.query("UPDATE pinnacle_migrations SET up_sha256 = 'other' WHERE phase = 1");
    expect(await db.cli('migrate', 'up')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('migrate verify'),
    });
    expect((await db.cli('migrate', 'plan')).code).toBe(5);
  });

  it('refuses a database that is ahead of this version', async () => {
    db = await open(4);
    await db.query("INSERT INTO pinnacle_migrations VALUES (5, 'later', 'a', 'b', now(), 'me', 1)");
    expect(await db.cli('migrate', 'up')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('phase 5 later'),
    });
  });

  it('plans exactly the SQL that it would run, and writes nothing', async () => {
    db = await open(0);
    const plan = await db.cli('migrate', 'plan', '--columns', 'sql');
    expect(plan.code).toBe(0);
    expect((await db.query("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).rows).toEqual(
      [],
    );
    await db.query(plan.stdout);
    expect((await db.cli('migrate', 'baseline', '4')).code).toBe(0);
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
    expect(await db.cli('migrate', 'plan')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe.each(servers)('migrate up beside others on the $name', ({ open }) => {
  it('runs once when ten begin at the same time', async () => {
    db = await open(0);
    const runs = await Promise.all(Array.from({ length: 10 }, () => db.cli('migrate', 'up')));
    expect(runs.map(({ code }) => code)).toEqual(Array(10).fill(0));
    expect(runs.filter(({ stderr }) => stderr.includes('Nothing to do'))).toHaveLength(9);
    // One for each step, and one for what the schema is set to.
    const steps = await db.json<object[]>('migrate', 'status', '--steps');
    expect(await db.audits()).toHaveLength(steps.length + 1);
  });

  it('names who is rolling out when it waited in vain', async () => {
    db = await open(0);
    await db.query("SELECT set_config('application_name', 'the other', false)");
    await db.query('SELECT pg_advisory_lock(8100126825161911397)');
    const { code, stderr } = await db.cli('migrate', 'up', '--lock-wait', '300ms');
    expect(code).toBe(10);
    expect(stderr).toMatch(
      /Another rollout is running on this database: the other \(server process \d+, role postgres, connected since /,
    );
  });

  it('tries a phase again when a table it needs is locked', async () => {
    db = await open(1);
    await db.query('BEGIN');
    await db.query('LOCK TABLE users');
    const run = db.cli('migrate', 'up', '--to', '2');
    const waiting = async () => {
      const { rows } = await db.query(`
        SELECT count(*)::integer AS n FROM pg_locks JOIN pg_database d ON d.oid = database
        WHERE datname = current_database() AND NOT granted`);
      return rows[0]?.['n'];
    };
    await expect.poll(waiting).toBe(1);
    await expect.poll(waiting, { interval: 20 }).toBe(0);
    await db.query('COMMIT');
    expect(await run).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('retrying (attempt 2 of 5)'),
    });
  });

  it('ends 12 where the role may not create tables', async () => {
    db = await open(0);
    const role = `pinnacle_test_${process.pid}`;
    // Everybody may, by default, up to PostgreSQL 14.
    await db.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await db.query(`CREATE ROLE ${role} LOGIN`);
    const url = String(db.env['DATABASE_URL']).replace('postgres@', `${role}@`);
    const { code, stderr } = await db.cliWith({ env: { DATABASE_URL: url } }, 'migrate', 'up');
    await db.query(`DROP ROLE ${role}`);
    expect({ code, stderr }).toEqual({
      code: 12,
      stderr: expect.stringContaining('Phase 1 core_tables (up)'),
    });
  });
});
