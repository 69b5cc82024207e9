import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/instant.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';

const AWAY = 'redis://127.0.0.1:1/0';

describe.each(databases)('user logins on $name', ({ open }) => {
  let redis: TestRedis;
  let db: TestDatabase;
  const keyOf = new Map<string, string>();
  beforeAll(async () => {
    // DEBUG POPULATE makes the million keys.
    [redis, db] = await Promise.all([startRedis({ 'enable-debug-command': 'yes' }), open()]);
    db.env['REDIS_URL'] = redis.url;
    for (const user of ['u', 'u:web', 'v'])
      keyOf.set(
        user,
        (
          await db.json<{ api_key: string }>(
            ...[
              'user',
              'add',
              '--user-id',
              user,
              '--name',
              'A',
              '--email',
              `${user.replace(':', '.')}@example.com`,
            ],
          )
        ).api_key,
      );
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));
  beforeEach(async () => {
    await redis.cli('flushall');
    await db.json('realtime', 'drain');
  });

  const login = async (user: string) => {
    const { stdout } = await db.cliWith({ stdin: keyOf.get(user) ?? '' }, 'user', 'login', '--json');
    return (JSON.parse(stdout) as { session_id: string }).session_id;
  };
  const list = (user: string, ...more: string[]) =>
    db.json<Record<string, unknown>[]>('user', 'logins', 'list', user, ...more);
  const idsOf = async (user: string) => (await list(user)).map(({ session_id }) => session_id);
  const left = async () => (await redis.cli('keys', '*')).split('\n').filter(Boolean).sort();
  const away = { env: { REDIS_URL: AWAY } };

  it('are listed with what they are, and no hash', async () => {
    const [first, second] = [await login('u'), await login('u')];
    await login('v');
    const key = `session:u:${first}`;
    const stored = JSON.parse(await redis.cli('get', key));
    const seen = new Date(Date.now() - 90_000).toISOString();
    await redis.cli('set', key, JSON.stringify({ ...stored, last_seen_at: seen }), 'KEEPTTL');
    const rows = await list('u');
    expect(rows).toMatchObject([
      { session_id: first, state: 'ok', created_at: stored.created_at, expires_at: stored.expires_at },
      { session_id: second, state: 'ok' },
    ]);
    expect(rows[0]).toMatchObject({ last_seen_at: instant(new Date(seen)) });
    expect(Number(rows[0]?.['idle_seconds'])).toBeGreaterThanOrEqual(90);
    expect(Number(rows[0]?.['idle_seconds'])).toBeLessThan(150);
    expect(JSON.stringify(rows)).not.toContain(stored.token_sha256);
    expect(await list('u', '--limit', '1')).toEqual([expect.objectContaining({ session_id: first })]);
    expect((await list('u', '--all')).length).toBe(2);
  });

  it('of services may have their times as seconds since 1970', async () => {
    const now = Date.now() / 1_000;
    const write = (id: string, times: object) => redis.cli('set', `session:u:${id}`, JSON.stringify(times));
    await write('early', { created_at: now - 100, last_seen_at: now - 90 });
    await write('late', { created_at: Math.floor(now + 100) });
    const rows = await list('u');
    expect(rows.map(({ session_id, state }) => [session_id, state])).toEqual([
      ['early', 'ok'],
      ['late', 'ok'],
    ]);
    expect(Number(rows[0]?.['idle_seconds'])).toBeGreaterThanOrEqual(90);
    await db.json('user', 'logins', 'revoke-all', 'u');
    // It began after the end of all was asked for.
    expect(await left()).toEqual(['session:u:late']);
  });

  it('that others left and cannot be read are listed as such, and end with the rest', async () => {
    const ours = await login('u');
    const foreign: [string, ...string[]][] = [
      ['set', 'session:u:empty', ''],
      ['set', 'session:u:number', '7'],
      ['set', 'session:u:null', 'null'],
      ['set', 'session:u:text', '{"created_at":"yesterday"}'],
      ['set', 'session:u:proto', '{"__proto__":{},"created_at":"2026-01-01T00:00:00Z"}'],
      ['set', 'session:u:long', `{"created_at":"2026-01-01T00:00:00Z","x":"${'x'.repeat(70_000)}"}`],
      ['lpush', 'session:u:list', 'x'],
      ['hset', 'session:u:hash', 'a', 'b'],
      ['set', 'session:u:evil\u001b[31m', 'x'],
    ];
    for (const argv of foreign) await redis.cli(...argv);
    const rows = await list('u');
    expect(rows.filter(({ state }) => state === 'ok')).toMatchObject([{ session_id: ours }]);
    const unreadable = rows.filter(({ state }) => state === 'unreadable');
    expect(unreadable.map(({ session_id }) => `session:u:${session_id}`).sort()).toEqual(
      foreign.map(([, name]) => name).sort(),
    );
    expect(
      unreadable.every(({ expires_at, idle_seconds }) => expires_at === null && idle_seconds === null),
    ).toBe(true);
    const shown = await db.cliWith({ tty: true }, 'user', 'logins', 'list', 'u');
    expect([shown.code, shown.stdout.includes('\u001b[31m\u001b')]).toEqual([0, false]);
    expect(shown.stdout).toContain('evil\\u{1b}[31m');
    expect((await db.cli('user', 'logins', 'revoke', 'u', 'list')).code).toBe(0);
    expect((await left()).includes('session:u:list')).toBe(false);
    await db.json('user', 'logins', 'revoke-all', 'u');
    expect(await left()).toEqual([]);
  });

  it('of a trader whose id begins with theirs are left alone', async () => {
    const [mine, other] = [await login('u'), await login('u:web')];
    await redis.cli('set', 'session:u:web:junk', 'junk');
    const service = JSON.stringify({ user_id: 'u', created_at: '2026-01-01T00:00:00Z' });
    await redis.cli('set', 'session:u:service:1', service);
    expect(await idsOf('u')).toEqual([mine, 'service:1']);
    expect(await idsOf('u:web')).toEqual(['junk', other]);
    expect((await db.cli('user', 'logins', 'revoke', 'u', `web:${other}`)).code).toBe(3);
    await db.json('user', 'logins', 'revoke-all', 'u');
    expect(await left()).toEqual([`session:u:web:${other}`, 'session:u:web:junk'].sort());
  });

  it('end one by one, audited', async () => {
    const before = (await db.audits('%revoke%')).length;
    const [first, second] = [await login('u'), await login('u')];
    expect(await db.json('user', 'logins', 'revoke', 'u', first)).toEqual({
      user_id: 'u',
      session_id: first,
    });
    expect(await left()).toEqual([`session:u:${second}`]);
    for (const argv of [
      ['u', first],
      ['v', second],
      ['nobody', second],
    ])
      expect([argv, (await db.cli('user', 'logins', 'revoke', ...argv)).code]).toEqual([argv, 3]);
    expect((await db.cli('user', 'logins', 'revoke', 'u', second, '--dry-run')).code).toBe(0);
    expect(await left()).toEqual([`session:u:${second}`]);
    const rows = (await db.audits('%revoke%')).slice(before);
    expect(rows).toMatchObject([
      { command: 'user logins revoke', target: 'user u', body: { revoked: first } },
    ]);
  });

  it('end all together, those of nobody else', async () => {
    await login('u');
    await login('u');
    const other = await login('v');
    const { stderr } = await db.cli('user', 'logins', 'revoke-all', 'u');
    expect(stderr).toContain('ends the sessions of u');
    expect(await left()).toEqual([`session:v:${other}`]);
    expect((await db.audits('%revoke%')).at(-1)).toMatchObject({
      command: 'user logins revoke-all',
      target: 'user u',
    });
    expect((await db.cli('user', 'logins', 'revoke-all', 'nobody')).code).toBe(3);
  });

  it('end later while Redis is away, but for those begun since', async () => {
    const [one, two, third] = [await login('u'), await login('u'), await login('v')];
    const revoked = await db.cliWith(away, 'user', 'logins', 'revoke', 'v', third, '--json');
    expect([revoked.code, JSON.parse(revoked.stdout)]).toEqual([8, { user_id: 'v', session_id: third }]);
    expect((await db.cliWith(away, 'user', 'logins', 'revoke-all', 'u')).code).toBe(8);
    expect((await db.cliWith(away, 'user', 'logins', 'list', 'u')).code).toBe(7);
    const since = await login('u');
    expect(await left()).toEqual(
      [one, two, since].map((id) => `session:u:${id}`).concat(`session:v:${third}`),
    );
    expect(await db.json('realtime', 'drain')).toEqual({ drained: 2, pending: 0 });
    expect(await left()).toEqual([`session:u:${since}`]);
  });

  it('need a Redis that is configured', async () => {
    const before = (await db.audits('%revoke%')).length;
    const none = { env: { REDIS_URL: '' } };
    for (const argv of [
      ['list', 'u'],
      ['revoke', 'u', 'x'],
      ['revoke-all', 'u'],
    ])
      expect([argv, (await db.cliWith(none, 'user', 'logins', ...argv)).code]).toEqual([argv, 78]);
    expect((await db.audits('%revoke%')).length).toBe(before);
  });

  it('are found and ended among a million other keys, by SCAN', { timeout: 180_000 }, async () => {
    await redis.cli('debug', 'populate', '1000000', 'foreign', '8');
    await redis.cli('config', 'resetstat');
    // The walk through them all may take longer than a change waits for Redis on a busy machine.
    const patient = { env: { PINNACLE_REDIS_TIMEOUT: '30s' } };
    const session = await login('u');
    expect(await idsOf('u')).toEqual([session]);
    expect((await db.cliWith(patient, 'user', 'logins', 'revoke-all', 'u')).code).toBe(0);
    expect(await idsOf('u')).toEqual([]);
    expect(await redis.cli('dbsize')).toBe('1000000');
    expect(await redis.cli('info', 'commandstats')).not.toContain('cmdstat_keys');
  });
});
