import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateApiKey, generateSessionToken, isApiKey } from '../../../src/platform/secrets/api-key.ts';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { slowLine, startRedis, type TestRedis } from '../../helpers/redis.ts';

const DAY = 86_400_000;
const AWAY = 'redis://127.0.0.1:1/0';

interface Login {
  user_id: string;
  session_id: string;
  token: string | null;
  output_file: string | null;
  via: string;
  created_at: string;
  expires_at: string;
}

describe.each(databases)('user login on $name', ({ open }) => {
  let redis: TestRedis;
  let db: TestDatabase;
  let folder: string;
  let key: string;
  beforeAll(async () => {
    [redis, db] = await Promise.all([startRedis(), open()]);
    db.env['REDIS_URL'] = redis.url;
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-login-'));
    const add = 'user add --user-id u --name Asha --email asha@example.com'.split(' ');
    key = (await db.json<{ api_key: string }>(...add)).api_key;
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close(), rm(folder, { recursive: true })]));
  beforeEach(async () => {
    await redis.cli('flushall');
    await db.query('UPDATE users SET last_login = NULL, enabled = true');
  });

  const login = (stdin: string, env: Record<string, string> = {}, ...more: string[]) =>
    db.cliWith({ stdin: `${stdin}\n`, env, cwd: folder }, 'user', 'login', ...more);
  const begin = async (stdin = key, ...more: string[]) => {
    const { code, stdout, stderr } = await login(stdin, {}, '--json', ...more);
    expect([code, stderr.includes(stdin)]).toEqual([0, false]);
    return JSON.parse(stdout) as Login;
  };
  const lastLogin = async () => (await db.query('SELECT last_login FROM users')).rows[0]?.['last_login'];

  it('begins a session of 7 days and stores the hash of its token alone', async () => {
    const before = Date.now();
    const session = await begin();
    const { token, output_file, via, ...told } = session;
    expect({ token, output_file, via }).toEqual({
      token: expect.stringMatching(/^pin_ses_[0-9A-Za-z]{36}$/),
      output_file: null,
      via: 'current',
    });
    const name = `session:u:${session.session_id}`;
    expect(await redis.cli('keys', '*')).toBe(name);
    expect(JSON.parse(await redis.cli('get', name))).toEqual({
      ...told,
      token_sha256: createHash('sha256').update(String(token)).digest('hex'),
      last_seen_at: session.created_at,
      by: { os_user: 'tester' },
    });
    expect(Date.parse(session.expires_at) - Date.parse(session.created_at)).toBe(7 * DAY);
    expect(await redis.cli('pexpiretime', name)).toBe(String(Date.parse(session.expires_at)));
    expect(Math.abs(Date.parse(session.created_at) - before)).toBeLessThan(60_000);
    expect(Date.parse(String(await lastLogin()))).toBeGreaterThanOrEqual(before);
    expect((await db.audits()).at(-1)).toMatchObject({ command: 'user login', target: 'user u' });
  });

  it('leaves neither key nor token anywhere but where the token is shown', async () => {
    const { token, session_id } = await begin();
    const hash = createHash('sha256').update(String(token)).digest('hex');
    const database = JSON.stringify([await db.audits(), (await db.query('SELECT * FROM users')).rows]);
    const list = await db.cli('user', 'logins', 'list', 'u', '--json', '--debug');
    const inRedis = await redis.cli('get', `session:u:${session_id}`);
    for (const place of [database, list.stdout + list.stderr, inRedis])
      for (const secret of [String(token), key]) expect(place).not.toContain(secret);
    expect(database + list.stdout).not.toContain(hash);
    expect(list.stdout).toContain(session_id);
  });

  it('shows the token to a terminal, to --json or to a file, and else does nothing', async () => {
    for (const more of [[], ['--csv'], ['--columns', 'token'], ['--json', 'user_id']])
      expect([more, (await login(key, {}, ...more)).code]).toEqual([more, 2]);
    expect([await redis.cli('dbsize'), await lastLogin()]).toEqual(['0', null]);
    expect(await begin(key, '--output-file', 'token')).toMatchObject({ token: null });
    const file = join(folder, 'token');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const token = (await readFile(file, 'utf8')).trim();
    const [name = ''] = (await redis.cli('keys', '*')).split('\n');
    expect(JSON.parse(await redis.cli('get', name)).token_sha256).toBe(
      createHash('sha256').update(token).digest('hex'),
    );
    expect((await login(key, {}, '--output-file', 'token')).code).toBe(5);
    expect((await login(key, {}, '--output-file', 'other', '--dry-run')).code).toBe(0);
    expect([await redis.cli('dbsize'), await readdir(folder)]).toEqual(['1', ['token']]);
  });

  it('takes no typo, no key of nobody, no token, and nobody who is disabled', async () => {
    const before = (await db.audits()).length;
    const wrong = `${key.slice(0, 20)}${key[20] === 'x' ? 'y' : 'x'}${key.slice(21)}`;
    const nowhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', REDIS_URL: AWAY };
    for (const stdin of [wrong, '', generateSessionToken()]) {
      const { code, stdout, stderr } = await login(stdin, nowhere, '--json');
      expect([stdin, code, stdout]).toEqual([stdin, 2, '']);
      if (stdin) expect(stderr).not.toContain(stdin);
    }
    expect(isApiKey(generateSessionToken())).toBe(false);
    const unknown = await login(generateApiKey(), {}, '--json');
    expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('API_KEY_UNKNOWN')]);
    expect((await db.audits()).length).toBe(before);
    await db.query('UPDATE users SET enabled = false');
    const disabled = await login(key, {}, '--json', '--output-file', 'never');
    expect([disabled.code, disabled.stderr]).toEqual([5, expect.stringContaining('USER_DISABLED')]);
    expect((await db.audits()).at(-1)).toMatchObject({ command: 'denied', target: 'user u' });
    expect([await redis.cli('dbsize'), await lastLogin(), await readdir(folder)]).toEqual([
      '0',
      null,
      ['token'],
    ]);
  });

  it('changes nothing where there is no Redis, or one that takes nothing', async () => {
    const before = (await db.audits()).length;
    const full = await startRedis({ maxmemory: '1' });
    for (const [url, code] of [
      ['', 78],
      [AWAY, 7],
      [full.url, 7],
    ] as const) {
      const { code: ended, stdout, stderr } = await login(key, { REDIS_URL: url }, '--json');
      expect([url, ended, stdout]).toEqual([url, code, '']);
      expect(JSON.parse(stderr.split('\n').at(-2) ?? '').error.changed).toBe(false);
    }
    await full.stop();
    expect([await lastLogin(), (await db.audits()).length]).toEqual([null, before]);
  });

  it('takes its session back where the change is not committed', async () => {
    await db.query(
      "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    );
    await db.query('CREATE TRIGGER no BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION no()');
    const { code } = await login(key, {}, '--json', '--output-file', 'other');
    await db.query('DROP TRIGGER no ON audit_log');
    expect(code).not.toBe(0);
    expect([await redis.cli('dbsize'), await lastLogin(), await readdir(folder)]).toEqual([
      '0',
      null,
      ['token'],
    ]);
  });

  it('with a replaced key lasts no longer than the key', async () => {
    const rotated = await db.json<{ api_key: string; grace_until: string }>(
      ...['user', 'rotate-key', 'u', '--grace', '1h'],
    );
    expect(await begin()).toMatchObject({ via: 'grace', expires_at: rotated.grace_until });
    key = rotated.api_key;
  });
});

describe.each(servers)('beside the $name', ({ open }) => {
  it('a login that is on its way while all sessions are ended is ended, too', async () => {
    const [redis, db] = await Promise.all([startRedis(), open()]);
    const line = await slowLine(redis.port, 250);
    try {
      db.env['REDIS_URL'] = redis.url;
      const add = 'user add --user-id u --name Asha --email asha@example.com'.split(' ');
      const { api_key } = await db.json<{ api_key: string }>(...add);
      const slow = { stdin: api_key, env: { REDIS_URL: line.url } };
      const login = db.cliWith(slow, 'user', 'login', '--json');
      for (let waits = false; !waits; await sleep(2))
        waits =
          (
            await db.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'pinnacle/user login' AND state = 'idle in transaction' AND query LIKE '%clock%'`)
          ).rows.length > 0;
      const [ended, begun] = await Promise.all([db.cli('user', 'logins', 'revoke-all', 'u'), login]);
      expect([ended.code, begun.code]).toEqual([0, 0]);
      expect(await redis.cli('dbsize')).toBe('0');
    } finally {
      line.close();
      await Promise.all([redis.stop(), db.close()]);
    }
  });
});
