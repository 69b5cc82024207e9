import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { start } from '../../helpers/process.ts';
import { giveRing, newActiveKey, ringIn, seedCredentials } from '../../helpers/ring.ts';

const TRIGGERS = ['users_broker_envelope', 'users_totp_envelope'];

describe.each(databases)('keys on $name', ({ open }) => {
  let db: TestDatabase;
  let ringFile: string;
  beforeAll(async () => {
    db = await open();
    ringFile = await giveRing(db);
  });
  afterAll(() => db.close());

  const status = () => db.json<Record<string, unknown>[]>('keys', 'status');

  it('generate makes the ring for its owner alone, its first key active, the next one not', async () => {
    const { mode } = await stat(ringFile);
    expect(mode & 0o777).toBe(0o600);
    expect(await status()).toMatchObject([{ state: 'active', broker_secret: 0 }]);
    expect(await db.json('keys', 'generate')).toMatchObject({ state: 'decrypt', keyring: ringFile });
    expect((await status()).map(({ state }) => state)).toEqual(['active', 'decrypt']);
    const audits = await db.audits('keys generate');
    const { keys } = await ringIn(ringFile);
    expect(audits.map(({ target }) => target)).toEqual([...keys.keys()].map((id) => `key ${id}`));
    for (const { key } of keys.values())
      expect(JSON.stringify(audits)).not.toContain(key.toString('base64').slice(0, 20));
  });

  it('move every credential to another key, which alone is then needed', async () => {
    const secrets = await seedCredentials(db, await ringIn(ringFile), 20);
    const before = (await ringIn(ringFile)).active.id;
    const after = await newActiveKey(db);
    await db.refused(`keys retire ${before} --yes`, { code: 5, error: 'KEY_IN_USE' });
    expect(await db.json('keys', 'rotate', '--dry-run')).toEqual({
      key_id: after,
      users: 20,
      credentials: 80,
    });
    expect(await db.json('keys', 'rotate')).toEqual({ key_id: after, users: 20, credentials: 80 });
    expect(await db.json('keys', 'rotate')).toEqual({ key_id: after, users: 0, credentials: 0 });
    const { hint } = await db.refused(`keys retire ${after} --yes`, { code: 5, error: 'KEY_ACTIVE' });
    expect(hint).toMatch(/^First: pinnacle keys activate [0-9a-f]{8}$/);
    expect(hint).not.toContain(after);
    await db.refused('keys retire 00000000 --yes', { code: 3 });
    expect(await db.json('keys', 'retire', before, '--yes')).toMatchObject({ state: 'retired' });
    expect([...(await ringIn(ringFile)).keys.keys()]).not.toContain(before);
    expect(await db.json('keys', 'verify')).toEqual([]);
    expect(await db.audits('keys rotate')).toMatchObject([{ target: `key ${after}`, body: { values: 80 } }]);
    const log = JSON.stringify(await db.audits());
    for (const secret of secrets.values()) expect(log).not.toContain(secret);
    expect(log).not.toContain('pne1.');
  });

  it('verify ends 11 and names every credential that was altered, moved, cut, plain or of another ring', async () => {
    const envelope = async (user: string) =>
      String(
        (await db.query('SELECT broker_secret AS s FROM users WHERE user_id = $1', [user])).rows[0]?.['s'],
      );
    const [one, two] = [await envelope('u000001'), await envelope('u000002')];
    const flipped = one.slice(0, 40) + (one[40] === 'A' ? 'B' : 'A') + one.slice(41);
    // Such values come from elsewhere: what is not even an envelope cannot be written past the trigger.
    for (const name of TRIGGERS) await db.query(`ALTER TABLE users DISABLE TRIGGER ${name}`);
    const put = (user: string, column: string, value: string) =>
      db.query(`UPDATE users SET ${column} = $2 WHERE user_id = $1`, [user, value]);
    await put('u000001', 'broker_secret', flipped);
    await put('u000003', 'broker_secret', two);
    await put('u000004', 'broker_token', await envelope('u000004'));
    await put('u000005', 'broker_secret', `${two.slice(0, 30)}`);
    await put('u000006', 'broker_api_key', 'canary-in-plain-text');
    await put('u000007', 'broker_secret', `pne1.00000000.${one.split('.')[2]}`);
    for (const name of TRIGGERS) await db.query(`ALTER TABLE users ENABLE TRIGGER ${name}`);
    const expected = [
      'u000001 broker_secret SECRET_INTEGRITY',
      'u000003 broker_secret SECRET_INTEGRITY',
      'u000004 broker_token SECRET_INTEGRITY',
      'u000005 broker_secret SECRET_MALFORMED',
      'u000006 broker_api_key SECRET_NOT_ENCRYPTED',
      'u000007 broker_secret SECRET_KEY_UNKNOWN',
    ];
    const verified = await db.cli('keys', 'verify', '--json');
    expect(verified.code).toBe(11);
    const rows: Record<string, string>[] = JSON.parse(verified.stdout);
    expect(rows.map((row) => `${row['user_id']} ${row['field']} ${row['code']}`)).toEqual(expected);
    const missing = (await status()).filter(({ state }) => state !== 'active' && state !== 'decrypt');
    expect(missing.map(({ key_id, state }) => [key_id, state])).toEqual(
      expect.arrayContaining([
        [null, 'not encrypted'],
        ['00000000', 'missing'],
      ]),
    );
    await newActiveKey(db);
    const rotated = await db.cli('keys', 'rotate');
    expect(rotated.code).toBe(11);
    for (const line of expected) {
      const [user, field, code] = line.split(' ');
      const help =
        code === 'SECRET_NOT_ENCRYPTED' ? 'keys encrypt' : `user credentials set ${user} --field ${field}`;
      expect(rotated.stderr).toContain(`pinnacle ${help}\n`);
      expect(rotated.stderr).toMatch(new RegExp(`${user} ${field} .*\\(${code}\\)`));
    }
    const show = await db.cli('user', 'credentials', 'verify', 'u000006', '--debug');
    expect(show.code).toBe(11);
    const said = [verified, rotated, show].flatMap(({ stdout, stderr }) => [stdout, stderr]).join('');
    expect(said).not.toContain('canary');
    expect(said).not.toContain('pne1.');
    // All others are on the new key, and can be read.
    const again = await db.cli('keys', 'verify', '--json', 'user_id');
    expect(JSON.parse(again.stdout)).toHaveLength(expected.length);
  });
});

describe.each(servers)('keys beside others on $name', ({ open }) => {
  let db: TestDatabase;
  let ringFile: string;
  beforeAll(async () => {
    db = await open();
    ringFile = await giveRing(db);
    await seedCredentials(db, await ringIn(ringFile), 30);
  });
  afterAll(() => db.close());

  it('rotate goes past a trader that somebody holds, and says that it is not done', async () => {
    const key = await newActiveKey(db);
    await db.query('BEGIN');
    await db.query("SELECT FROM users WHERE user_id = 'u000007' FOR UPDATE");
    const { code, stdout, stderr } = await db.cli('keys', 'rotate', '--json');
    await db.query('ROLLBACK');
    expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
    expect(JSON.parse(stderr.split('\n').at(-2) ?? '').error).toMatchObject({
      code: 'ROTATION_UNFINISHED',
      retryable: true,
      changed: true,
    });
    expect(await db.json('keys', 'rotate')).toEqual({ key_id: key, users: 1, credentials: 4 });
  });

  it('rotate is not in the way of an order being placed', async () => {
    await newActiveKey(db);
    await db.query('BEGIN');
    await db.query("SELECT FROM users WHERE user_id = 'u000007' FOR KEY SHARE");
    const rotated = await db.json('keys', 'rotate');
    await db.query('ROLLBACK');
    expect(rotated).toMatchObject({ users: 30 });
  });

  it('retire waits for whoever is sealing', async () => {
    const { key_id } = await db.json<{ key_id: string }>('keys', 'generate');
    const sealing = Number(
      /KEYS_LOCK_ID = ([\d_]+)/
        .exec(await readFile('src/trading/keyring/locks.ts', 'utf8'))?.[1]
        ?.replaceAll('_', ''),
    );
    await db.query('BEGIN');
    await db.query('SELECT pg_advisory_xact_lock_shared($1)', [sealing]);
    const { code } = await db.cli('keys', 'retire', key_id, '--yes');
    await db.query('ROLLBACK');
    expect(code).toBe(10);
    expect(await db.json('keys', 'retire', key_id, '--yes')).toMatchObject({ state: 'retired' });
  });

  it('six processes generate at once: no key is lost', async () => {
    const before = (await ringIn(ringFile)).keys.size;
    const made = await Promise.all(
      Array.from({ length: 6 }, () => start(db.env, 'keys', 'generate', '--json').ended),
    );
    const { keys } = await ringIn(ringFile);
    expect(keys.size).toBe(before + 6);
    for (const { code, stdout } of made)
      expect([code, keys.has(JSON.parse(stdout).key_id)]).toEqual([0, true]);
  });
});
