import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { FORBIDDEN, LOGINS, type Login } from './forbidden.ts';

describe.each(servers)('what nobody may, on the $name', ({ open }) => {
  const server = ownServer();
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-forbidden-'));
  const tag = randomUUID().slice(0, 8);
  const nameOf = (login: Login) => `t_${login}_${tag}`;
  const sessions = new Map<Login, pg.Client>();
  let db: TestDatabase;
  const session = (login: Login) => sessions.get(login) as pg.Client;

  beforeAll(async () => {
    db = await open(4, server());
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = join(folder, 'key.pem');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    Object.assign(db.env, {
      PINNACLE_AUDIT_SIGNING_KEY_FILE: key,
      PINNACLE_AUDIT_ANCHOR_FILE: join(folder, 'anchor'),
      PINNACLE_ALLOW_SUPERUSER: 'true',
    });
    await given.user(db, 'u1');
    await given.user(db, 'u2');
    await db.json('session', 'start', '--user', 'u1');
    await db.json('session', 'end', '--user', 'u1');
    await db.json('session', 'start', '--user', 'u1');
    await given.position(db, { user: 'u1', price: 100 });
    await db.json('symbol', 'alias', 'OLD', 'NEW');
    await db.json('risk', 'set', 'u1', 'MAX_ORDERS_PER_DAY', '9', '--idempotency-key', 'k1');
    await db.query(
      "INSERT INTO trading_halts (halt_id, user_id, reason, halted_by) VALUES ('h1', 'u2', 'r', 'me')",
    );
    expect((await db.cli('access', 'apply', '--yes')).code).toBe(0);
    await db.json('audit', 'seal');
    const { rows } = await db.query('SELECT current_database() AS name');
    for (const login of LOGINS) {
      await db.query(`CREATE ROLE ${nameOf(login)} LOGIN`);
      if (login !== 'nobody') await db.query(`GRANT pinnacle_${login} TO ${nameOf(login)}`);
      else await db.query(`GRANT CONNECT ON DATABASE ${rows[0]?.['name']} TO ${nameOf(login)}`);
      const url = String(db.env['DATABASE_URL']).replace('//postgres@', `//${nameOf(login)}@`);
      const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' });
      client.on('error', () => {});
      await client.connect();
      sessions.set(login, client);
    }
  });
  afterAll(async () => {
    for (const client of sessions.values()) await client.end().catch(() => {});
    await db.close();
    rmSync(folder, { recursive: true });
  });

  /** What the program says of the data. */
  const verdicts = async () => {
    const run = async (...argv: string[]) => {
      const { code, stdout } = await db.cli(...argv, '--json');
      return { argv, code, said: JSON.parse(stdout) };
    };
    const verified = await run('audit', 'verify');
    const { entries, ...chain } = verified.said;
    const ledger = await run('doctor', 'ledger');
    const rules = await run('risk', 'check');
    const doctor = await run('doctor', '--check', 'sealing');
    return JSON.stringify([
      [verified.code, chain.offenders, chain.unsealed],
      [ledger.code, ledger.said],
      [rules.code, rules.said.map(({ verdict }: { verdict: string }) => verdict)],
      [doctor.code, doctor.said.map(({ state }: { state: string }) => state)],
    ]);
  };

  it('is refused, statement by statement and login by login, and changes no verdict', async () => {
    const before = await verdicts();
    const passed: string[] = [];
    for (const { to, sql } of FORBIDDEN)
      for (const login of to) {
        const client = session(login);
        const code = await client.query(`BEGIN; ${sql}; COMMIT`).then(
          () => 'done',
          (error: { code: string }) => error.code,
        );
        await client.query('ROLLBACK');
        if (!['42501', '23514'].includes(code)) passed.push(`${login} ${code}: ${sql.slice(0, 200)}`);
      }
    expect(passed).toEqual([]);
    expect(FORBIDDEN.length).toBeGreaterThanOrEqual(60);
    expect(await verdicts()).toBe(before);
  });

  it('a checkpoint with a signature of nobody is named, proves nothing, and keeps no valid one out', async () => {
    await session('cron').query(
      `INSERT INTO audit_checkpoints SELECT seq, body, key_id, repeat('A', 86) || '==' FROM audit_checkpoints`,
    );
    const verified = await db.cli('audit', 'verify', '--json');
    expect(verified).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('It proves nothing: a checkpoint'),
    });
    await given.user(db, 'u3');
    expect(await db.json('audit', 'seal')).toMatchObject({ checkpoint: 'signed' });
    expect((await db.cli('audit', 'verify')).code).toBe(0);
  });

  it('an advisory lock of a stranger stops no sealing, and no job in silence', async () => {
    const stranger = session('nobody');
    await stranger.query('SELECT pg_advisory_lock(7052413002)');
    await given.user(db, 'u4');
    expect(await db.json('audit', 'seal')).toMatchObject({ unsealed: 0 });
    const job = 'risk check {"changed":false}';
    await stranger.query('BEGIN');
    await stranger.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [job]);
    const { rows } = await db.query(
      "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()",
    );
    expect(rows).toEqual([{ n: 2 }]);
    const url = String(db.env['DATABASE_URL']).replace('//postgres@', `//${nameOf('cron')}@`);
    const skipped = await db.cliWith({ env: { DATABASE_URL: url } }, 'risk', 'check', '--skip-if-running');
    expect(skipped).toMatchObject({ code: 10, stderr: expect.stringContaining(nameOf('nobody')) });
    await stranger.query('ROLLBACK');
    expect(
      (await db.cliWith({ env: { DATABASE_URL: url } }, 'risk', 'check', '--skip-if-running')).code,
    ).toBe(0);
  });

  it('long entries are sealed a few at a time, and doctor tells how many wait and for how long', async () => {
    const long = `'{"a":"' || repeat('x', 1000000) || '"}'`;
    for (let i = 0; i < 12; i++)
      await session('cron').query(
        `INSERT INTO audit_log (command, target, body) VALUES ('position mark', 'x', ${long})`,
      );
    const wait = () => db.json<{ state: string; detail: string }[]>('doctor', '--check', 'sealing');
    expect((await wait())[0]?.detail).toMatch(/^12 entries have no seal, the oldest: /);
    await given.user(db, 'u5');
    const [{ detail = '' } = {}] = await wait();
    expect(Number(/^\d+/.exec(detail)?.[0])).toBeGreaterThan(0);
    expect(await db.json('audit', 'seal')).toMatchObject({ unsealed: 0 });
    expect((await wait())[0]).toMatchObject({ state: 'ok', detail: 'every entry has its seal' });
    expect((await db.cli('audit', 'verify')).code).toBe(0);
  });
});
