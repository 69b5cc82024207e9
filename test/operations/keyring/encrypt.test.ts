import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type UserId, userId } from '../../../src/domain/id.ts';
import { type BrokerColumn, placeOf } from '../../../src/platform/secrets/broker-credentials.ts';
import { decrypt } from '../../../src/platform/secrets/envelope.ts';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { start } from '../../helpers/process.ts';
import { giveRing, newActiveKey, ringIn, seedCredentials } from '../../helpers/ring.ts';

let db: TestDatabase;
let ringFile: string;
afterEach(() => db.close());

/** Credentials as another service stored them: of each user a secret, and of every other one a token; gives how many. */
async function storePlain(users: number): Promise<number> {
  await db.query('ALTER TABLE users DISABLE TRIGGER users_broker_envelope');
  await db.query(
    `INSERT INTO users (user_id, name, email, api_key, broker_secret, broker_token)
     SELECT 'p' || i, 'p', i || '@p', 'p' || i, 'canary ₹ ' || i, CASE WHEN i % 2 = 0 THEN 'token of ' || i ELSE '' END
     FROM generate_series(1, ${users}) i`,
  );
  await db.query('ALTER TABLE users ENABLE TRIGGER users_broker_envelope');
  return users + Math.floor(users / 2);
}

/** What the credentials of the other service are now, read with the ring. */
async function readBack(): Promise<Map<string, string>> {
  const ring = await ringIn(ringFile);
  const { rows } = await db.query(
    `SELECT user_id, field, value FROM users CROSS JOIN LATERAL (VALUES
       ('broker_secret', broker_secret), ('broker_token', broker_token)) v (field, value)
     WHERE user_id LIKE 'p%' AND value <> ''`,
  );
  const opened = (rows as { user_id: UserId; field: BrokerColumn; value: string }[]).map(
    ({ user_id, field, value }) => {
      const found = decrypt(ring, placeOf(userId.parse(user_id), field), value);
      return [`${user_id} ${field}`, 'secret' in found ? found.secret : found.problem] as const;
    },
  );
  return new Map(opened);
}

describe.each(databases)('keys encrypt on $name', ({ open }) => {
  beforeEach(async () => {
    db = await open();
    ringFile = await giveRing(db);
  });

  it('encrypts what is in the clear with the active key, and nothing else', async () => {
    await seedCredentials(db, await ringIn(ringFile), 5);
    const key = await newActiveKey(db);
    const credentials = await storePlain(7);
    const sealed = async () =>
      (
        await db.query(
          "SELECT user_id, broker_secret, broker_token FROM users WHERE user_id LIKE 'u%' ORDER BY 1",
        )
      ).rows;
    const before = await sealed();
    for (const verb of ['status', 'verify'])
      expect((await db.cli('keys', verb)).stderr).toContain(
        `${credentials} credentials are stored in the clear. To encrypt: pinnacle keys encrypt`,
      );
    const rotated = await db.cli('keys', 'rotate', '--dry-run', '--json');
    expect(JSON.parse(rotated.stderr.trimEnd().split('\n').at(-1) ?? '').error.hint).toBe(
      'pinnacle keys encrypt',
    );
    const done = { key_id: key, users: 7, credentials };
    expect(await db.json('keys', 'encrypt', '--dry-run')).toEqual(done);
    expect(new Set((await readBack()).values())).toEqual(new Set(['SECRET_NOT_ENCRYPTED']));
    expect(await db.json('keys', 'encrypt')).toEqual(done);
    expect(await db.json('keys', 'encrypt')).toEqual({ ...done, users: 0, credentials: 0 });
    const secrets = await readBack();
    expect(secrets.size).toBe(credentials);
    expect(secrets.get('p1 broker_secret')).toBe('canary ₹ 1');
    expect(secrets.get('p6 broker_token')).toBe('token of 6');
    expect(await sealed()).toEqual(before);
    expect((await db.cli('keys', 'status')).stderr).not.toContain('in the clear');
    expect((await db.cli('keys', 'verify')).code).toBe(0);
    expect(await db.audits('keys encrypt')).toMatchObject([
      { target: `key ${key}`, body: { users: 7, values: credentials, from: ['in the clear'] } },
    ]);
    expect(JSON.stringify(await db.audits())).not.toContain('canary');
  });

  it('leaves alone what looks like an envelope and is none', async () => {
    await storePlain(1);
    await db.query('ALTER TABLE users DISABLE TRIGGER users_broker_envelope');
    await db.query("UPDATE users SET broker_token = 'pne1.cut'");
    await db.query('ALTER TABLE users ENABLE TRIGGER users_broker_envelope');
    expect(await db.json('keys', 'encrypt')).toMatchObject({ users: 1, credentials: 1 });
    expect((await db.query('SELECT broker_token FROM users')).rows).toEqual([{ broker_token: 'pne1.cut' }]);
  });
});

describe.each(servers)('keys encrypt beside others on $name', ({ open }) => {
  beforeEach(async () => {
    db = await open();
    ringFile = await giveRing(db);
  });

  it('goes past a trader that somebody holds, and says that it is not done', async () => {
    await storePlain(30);
    await db.query('BEGIN');
    await db.query("SELECT FROM users WHERE user_id = 'p7' FOR UPDATE");
    const env = { PINNACLE_TIMEOUT: '500ms' };
    const { code, stderr } = await db.cliWith({ env }, 'keys', 'encrypt', '--json');
    await db.query('ROLLBACK');
    expect(code).toBe(10);
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '').error).toMatchObject({
      ...{ code: 'ROTATION_UNFINISHED', retryable: true, changed: true },
    });
    expect(await db.json('keys', 'encrypt')).toMatchObject({ users: 1, credentials: 1 });
  });

  it('that is killed continues with what is left', async () => {
    const credentials = await storePlain(4_000);
    const left = async () =>
      Number(
        (await db.query("SELECT count(*)::int AS n FROM users WHERE broker_secret LIKE 'canary%'")).rows[0]?.[
          'n'
        ],
      );
    const { child, ended } = start(db.env, 'keys', 'encrypt');
    while ((await left()) > 3_000) await sleep(1);
    child.kill('SIGKILL');
    await ended;
    const rest = await left();
    expect(rest).toBeGreaterThan(0);
    expect(await db.json('keys', 'encrypt')).toMatchObject({ users: rest });
    const secrets = await readBack();
    expect(secrets.size).toBe(credentials);
    for (const [place, secret] of secrets) {
      const [, number, field] = /^p(\d+) (\w+)$/.exec(place) ?? [];
      expect(secret).toBe(field === 'broker_token' ? `token of ${number}` : `canary ₹ ${number}`);
    }
  });
});
