import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/instant.ts';
import { generateApiKey, hashApiKey, isApiKey } from '../../../src/platform/secrets/api-key.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

describe('an API key', () => {
  const key = generateApiKey();

  it('is known by its form', () => {
    expect(key).toMatch(/^pin_live_[0-9A-Za-z]{36}$/);
    expect(isApiKey(key)).toBe(true);
    for (const text of ['', 'pin_live_', key.slice(1), `${key}A`, `${key}\n`, ` ${key}`, key.toUpperCase()])
      expect(isApiKey(text)).toBe(false);
  });

  it('mistyped is known for it: any one character, any two that changed places', () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-';
    const typos = [...key].flatMap((char, at) => {
      const [head, tail] = [key.slice(0, at), key.slice(at + 1)];
      const swapped = tail !== '' && tail[0] !== char ? [`${head}${tail[0]}${char}${tail.slice(1)}`] : [];
      return [
        `${head}${tail}`,
        ...swapped,
        ...[...alphabet].filter((other) => other !== char).map((other) => head + other + tail),
      ];
    });
    expect(typos.length).toBeGreaterThan(2_000);
    expect(typos.filter(isApiKey)).toEqual([]);
  });
});

describe.each(databases)('API keys on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let first: string;
  const NOW = new Date('2026-03-02T04:00:00Z');
  const LATER = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000);
  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-keys-'));
    const user = 'user add --user-id trader_001 --name Asha --email asha@example.com'.split(' ');
    first = (await db.json<{ api_key: string }>(...user)).api_key;
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const rotate = async (now: Date, ...more: string[]) => {
    const { stdout } = await db.cliWith(
      { now, cwd: folder },
      'user',
      'rotate-key',
      'trader_001',
      '--json',
      ...more,
    );
    return JSON.parse(stdout) as { api_key: string; grace_until: string | null; grace_ended: number };
  };
  const verify = async (key: string, now: Date, ...more: string[]) => {
    const { code, stdout, stderr } = await db.cliWith(
      { stdin: `${key}\n`, now },
      ...['user', 'verify-key', '--json', ...more],
    );
    expect(stdout + stderr).not.toContain(key);
    return code === 0 ? JSON.parse(stdout) : code;
  };
  const hash = async () => (await db.query('SELECT api_key FROM users')).rows[0]?.['api_key'];
  const graces = async () => (await db.query('SELECT count(*)::int AS n FROM api_key_grace')).rows[0]?.['n'];

  it('are recognised, and a login is recorded only when asked for', async () => {
    expect(await verify(first, NOW)).toEqual({
      user_id: 'trader_001',
      enabled: true,
      via: 'current',
      expires_at: null,
    });
    const login = async () => (await db.query('SELECT last_login FROM users')).rows[0]?.['last_login'];
    expect(await login()).toBeNull();
    await verify(first, NOW, '--record-login');
    expect(new Date(String(await login()))).toEqual(NOW);
    expect(await verify(generateApiKey(), NOW)).toBe(3);
  });

  it('that are mistyped are told without a database', async () => {
    // Nothing listens there.
    const env = { PINNACLE_DATABASE: 'postgres://nobody@127.0.0.1:1/none' };
    const wrong = `${first.slice(0, 20)}${first[20] === 'x' ? 'y' : 'x'}${first.slice(21)}`;
    for (const stdin of [wrong, '', 'pin_live_', 'a\nb']) {
      const { code, stderr } = await db.cliWith({ env, stdin }, 'user', 'verify-key');
      expect([stdin, code]).toEqual([stdin, 2]);
      expect(stderr).not.toContain(wrong);
    }
    expect((await db.cliWith({ env, stdin: first }, 'user', 'verify-key')).code).toBe(7);
  });

  it('are replaced, the one before accepted for its grace and no longer', async () => {
    const { api_key: second, ...told } = await rotate(NOW, '--grace', '24h');
    expect(told).toMatchObject({ grace_until: instant(LATER(24)), grace_ended: 0 });
    expect(await hash()).toBe(hashApiKey(second));
    expect(await verify(second, NOW)).toMatchObject({ via: 'current' });
    expect(await verify(first, LATER(23))).toMatchObject({ via: 'grace', expires_at: expect.any(String) });
    expect(await verify(first, LATER(24))).toBe(3);
    const { api_key: third } = await rotate(LATER(1), '--grace', '1h');
    expect([await verify(first, LATER(1)), await verify(second, LATER(1))]).toMatchObject([
      { via: 'grace' },
      { via: 'grace' },
    ]);
    // What has expired is forgotten on the way.
    await rotate(LATER(3), '--grace', '1h');
    expect(await graces()).toBe(2);
    const last = await rotate(LATER(3));
    expect(last).toMatchObject({ grace_until: null, grace_ended: 2 });
    for (const key of [first, second, third]) expect(await verify(key, LATER(3))).toBe(3);
    expect(await verify(last.api_key, LATER(3))).toMatchObject({ via: 'current' });
  });

  it('go into a file of their owner alone, and then nowhere else', async () => {
    const { api_key } = await rotate(NOW, '--output-file', 'key');
    expect(api_key).toBeNull();
    const path = join(folder, 'key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const key = (await readFile(path, 'utf8')).trim();
    expect(await hash()).toBe(hashApiKey(key));
    const before = await hash();
    const again = await db.cliWith(
      { cwd: folder },
      'user',
      'rotate-key',
      'trader_001',
      '--output-file',
      'key',
    );
    expect([again.code, await hash(), await readFile(path, 'utf8')]).toEqual([5, before, `${key}\n`]);
    // A key that did not come into force is not left lying about.
    const nobody = ['user', 'rotate-key', 'nobody', '--output-file', 'other'];
    expect((await db.cliWith({ cwd: folder }, ...nobody)).code).toBe(3);
    const dry = ['user', 'rotate-key', 'trader_001', '--output-file', 'other', '--dry-run'];
    expect((await db.cliWith({ cwd: folder }, ...dry)).code).toBe(0);
    expect([await readdir(folder), await hash()]).toEqual([['key'], before]);
  });

  it('are never written where a log would keep them', async () => {
    const before = await hash();
    for (const more of [[], ['--csv'], ['--columns', 'api_key'], ['--json', 'user_id']]) {
      const { code, stdout } = await db.cli('user', 'rotate-key', 'trader_001', ...more);
      expect([more, code, stdout]).toEqual([more, 2, '']);
    }
    const hidden = ['user', 'rotate-key', 'trader_001', '--columns', 'user_id'];
    expect((await db.cliWith({ tty: true }, ...hidden)).code).toBe(2);
    expect((await db.cli('user', 'rotate-key', 'trader_001', '--json', '--grace', '31d')).code).toBe(2);
    expect(await hash()).toBe(before);
    const { code, stdout } = await db.cliWith({ tty: true }, 'user', 'rotate-key', 'trader_001');
    const key = /pin_live_[0-9A-Za-z]{36}/.exec(stdout)?.[0] ?? '';
    expect([code, await hash()]).toEqual([0, hashApiKey(key)]);
  });

  it('are revoked with all their graces, once agreed to', async () => {
    const { api_key: old } = await rotate(NOW, '--grace', '24h');
    const { api_key: current } = await rotate(NOW, '--grace', '24h');
    expect((await db.cli('user', 'revoke-key', 'trader_001')).code).toBe(4);
    expect(await verify(current, NOW)).toMatchObject({ via: 'current' });
    const revoked = await db.cliWith({ now: NOW }, 'user', 'revoke-key', 'trader_001', '--yes', '--json');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ user_id: 'trader_001' });
    expect([await verify(old, NOW), await verify(current, NOW), await graces()]).toEqual([3, 3, 0]);
    expect(await hash()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of a trader who is disabled are recognised, but record no login', async () => {
    const { api_key: key } = await rotate(NOW);
    await db.query('UPDATE users SET enabled = false');
    expect(await verify(key, NOW)).toMatchObject({ enabled: false });
    expect(await verify(key, NOW, '--record-login')).toBe(5);
  });

  it('leave neither themselves nor their hashes in the audit log', async () => {
    const audits = await db.audits('user %');
    const text = JSON.stringify(audits);
    expect(audits.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['user rotate-key', 'user revoke-key', 'user verify-key']),
    );
    expect(text).not.toContain('pin_live_');
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });
});

describe.each(databases)('API keys before phase 4 on $name', ({ open }) => {
  it('are replaced at once, and --grace says what it needs', async () => {
    const db = await open(1);
    try {
      const user = 'user add --user-id trader_001 --name Asha --email asha@example.com'.split(' ');
      const { api_key: first } = await db.json<{ api_key: string }>(...user);
      await db.refused('user rotate-key trader_001 --grace 1h', { code: 5, error: 'PHASE_NEEDED' });
      const { api_key: second } = await db.json<{ api_key: string }>('user', 'rotate-key', 'trader_001');
      const codes = [first, second].map(
        async (stdin) => (await db.cliWith({ stdin }, 'user', 'verify-key')).code,
      );
      expect(await Promise.all(codes)).toEqual([3, 0]);
      expect((await db.cli('user', 'revoke-key', 'trader_001', '--yes')).code).toBe(0);
      expect((await db.cliWith({ stdin: second }, 'user', 'verify-key')).code).toBe(3);
    } finally {
      await db.close();
    }
  });
});
