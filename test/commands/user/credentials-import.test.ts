import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userId } from '../../../src/domain/id.ts';
import { type BrokerColumn, placeOf } from '../../../src/platform/secrets/broker-credentials.ts';
import { decrypt } from '../../../src/platform/secrets/envelope.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { giveRing, ringIn } from '../../helpers/ring.ts';
import { words } from '../../helpers/words.ts';

const CANARY = /canary/;

describe.each(databases)('a file of broker credentials on $name', ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-credentials-'));
  let db: TestDatabase;
  let ring: string;
  beforeAll(async () => {
    db = await open();
    ring = await giveRing(db);
    for (const user of ['u1', 'u2']) await given.user(db, user);
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const file = (text: string, mode = 0o600) => {
    const path = join(folder, `${Math.random()}.csv`);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const load = (path: string, stdin = '') =>
    db.cliWith({ stdin }, ...words('user credentials import'), path, '--json');
  const opened = async (user: string, field: BrokerColumn) => {
    const { rows } = await db.query(`SELECT ${field} AS v FROM users WHERE user_id = $1`, [user]);
    return decrypt(await ringIn(ring), placeOf(userId.parse(user), field), String(rows[0]?.['v']));
  };
  const stored = async () =>
    (await db.query('SELECT user_id, broker_secret, broker_totp FROM users ORDER BY 1')).rows;

  it('is stored whole, encrypted, once, and shown by nothing', async () => {
    const path = file(
      '\ufeffuser_id,broker_secret,broker_totp\r\nu1,"canary, ""one""",CANARYTOTP\r\nu2, canary two ,\r\n',
    );
    const { code, stdout, stderr } = await load(path);
    expect({ code, row: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      row: { users: 2, credentials: 3, unchanged: 0 },
    });
    expect(await opened('u1', 'broker_secret')).toEqual({ secret: 'canary, "one"' });
    expect(await opened('u1', 'broker_totp')).toEqual({ secret: 'CANARYTOTP' });
    expect(await opened('u2', 'broker_secret')).toEqual({ secret: ' canary two ' });
    const audits = await db.audits('user credentials import');
    expect(audits).toMatchObject([
      { target: 'user u1', body: { field: 'broker_secret', length: 13 } },
      { target: 'user u1', body: { field: 'broker_totp' } },
      { target: 'user u2', body: { field: 'broker_secret' } },
      { target: 'users', body: { users: 2, credentials: 3 } },
    ]);
    expect(stdout + stderr + JSON.stringify(audits)).not.toMatch(/canary/i);
    const shown = await db.json<{ field: string; set_at: string | null }[]>(
      'user',
      'credentials',
      'show',
      'u1',
    );
    expect(shown.filter(({ set_at }) => set_at !== null).map(({ field }) => field)).toEqual([
      'broker_secret',
      'broker_totp',
    ]);
    const before = await stored();
    const again = await load('-', 'user_id,broker_totp,broker_secret\nu1,CANARYTOTP,other\n');
    expect(JSON.parse(again.stdout)).toMatchObject({ users: 1, credentials: 1, unchanged: 1 });
    expect((await stored())[1]).toEqual(before[1]);
    const entries = (await db.audits()).length;
    expect(JSON.parse((await load('-', 'user_id,broker_secret\nu1,other\n')).stdout)).toMatchObject({
      credentials: 0,
      unchanged: 1,
    });
    expect(await db.audits()).toHaveLength(entries);
  });

  it.each([
    ['', 'must name user_id'],
    ['canary,u1\n', 'column 1 of it is none of them'],
    ['u1,canary\nu2,canary\n', 'column 1 of it is none'],
    ['user_id\nu1\n', 'must name user_id'],
    ['user_id,broker_secret,broker_secret\nu1,canary,canary\n', 'must name user_id'],
    ['user_id,broker_secret\n', 'no credentials'],
    ['user_id,broker_secret\nu1,canary\nu2,"canary\n', 'a quote is out of place'],
    [
      'user_id,broker_secret\nu1,canary\nu2,\nu2,canary,canary\n',
      /2 lines cannot be taken.*\nline 3: has no secret\nline 4: has 3 fields/,
    ],
    ['user_id,broker_secret\nu1,canary\nu1,canary\n', 'line 3: the user stands in line 2'],
    ['user_id,broker_secret\nu1,canary\n/canary,canary\n', 'line 3: user_id is no id'],
    ['user_id,broker_secret\nu1,"canary\ncanary"\n', 'control characters'],
    [
      `user_id,broker_secret\nu1,canary\nu2,${'canary'.repeat(2_000)}\n`,
      'line 3: broker_secret has more than 8192 bytes',
    ],
  ])('that begins %j is refused whole, with the line and without a value', async (text, stderr) => {
    const before = await stored();
    const { message, hint } = await db.refused(['user', 'credentials', 'import', file(text)], {
      code: 2,
      stderr,
    });
    expect(`${message} ${hint}`).not.toMatch(CANARY);
    expect(await stored()).toEqual(before);
  });

  it('is refused for users who are not there, and where others can read it', async () => {
    const text = 'user_id,broker_secret\nu1,canary\nnobody,canary\n';
    await db.refused(['user', 'credentials', 'import', file(text)], {
      code: 3,
      error: 'USER_NOT_FOUND',
      stderr: 'nobody',
    });
    for (const mode of [0o640, 0o604])
      await db.refused(['user', 'credentials', 'import', file(text, mode)], {
        code: 11,
        error: 'SECRET_FILE_UNSAFE',
        stderr: 'chmod 600',
      });
    await db.refused(['user', 'credentials', 'import', join(folder, 'none')], {
      code: 3,
      error: 'FILE_NOT_FOUND',
    });
    expect(await opened('u1', 'broker_secret')).toEqual({ secret: 'other' });
  });
});
