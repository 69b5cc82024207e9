import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type UserId, userId } from '../../src/domain/id.ts';
import { BROKER_COLUMNS, type BrokerColumn, placeOf } from '../../src/platform/secrets/broker-credentials.ts';
import { encrypt } from '../../src/platform/secrets/envelope.ts';
import { parseRing, type Ring } from '../../src/platform/secrets/key-ring.ts';
import type { TestDatabase } from './databases.ts';

/** Gives a database a key ring of its own with one key, in a file; gives its path. */
export async function giveRing(db: TestDatabase): Promise<string> {
  const path = join(inject('cacheDir'), 'rings', randomUUID(), 'keyring.json');
  db.env['PINNACLE_KEYRING_FILE'] = path;
  await db.json('keys', 'generate');
  return path;
}

/** The ring in a file. */
export async function ringIn(path: string): Promise<Ring> {
  return parseRing(await readFile(path, 'utf8'));
}

/** Adds a key to the ring and makes it the active one; gives its id. */
export async function newActiveKey(db: TestDatabase): Promise<string> {
  const { key_id } = await db.json<{ key_id: string }>('keys', 'generate');
  await db.json('keys', 'activate', key_id);
  return key_id;
}

/** Adds traders with all four credentials sealed by a ring, in one statement; gives each secret by trader and column. */
export async function seedCredentials(
  db: TestDatabase,
  ring: Ring,
  count: number,
): Promise<Map<string, string>> {
  const secrets = new Map<string, string>();
  const sealed = (user: UserId, column: BrokerColumn) => {
    const secret = `canary-${user}-${column}`.slice(0, 36);
    secrets.set(`${user} ${column}`, secret);
    return encrypt(ring, placeOf(user, column), secret);
  };
  const ids = Array.from({ length: count }, (_, i) => userId.parse(`u${String(i).padStart(6, '0')}`));
  const columns = BROKER_COLUMNS.map((column) => ids.map((id) => sealed(id, column)));
  await db.query(
    `INSERT INTO users (user_id, name, email, api_key, broker_api_key, broker_secret, broker_token, broker_totp)
     SELECT id, id, id || '@example.com', id, a, s, t, o
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS n (id, a, s, t, o)`,
    [ids, ...columns],
  );
  return secrets;
}
