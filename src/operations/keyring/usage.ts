import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import type { BrokerColumn, Credentials } from '../../platform/secrets/broker-credentials.ts';
import type { Ring, RingKey } from '../../platform/secrets/key-ring.ts';
import { Failure, notFound } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

/** How many credentials of each column a key encrypts; `key_id` is null for values that are no envelope, `clear` of which are plain. */
export type Use = Record<BrokerColumn, number> & { key_id: string | null; total: number; clear: number };

/** What every key encrypts in the database, counted in one statement. */
export async function countUse(db: Kysely<Database>): Promise<Use[]> {
  const { rows } = await sql<Use>`
    SELECT substring(v.value FROM '^pne1\\.([0-9a-f]{8})\\.') AS key_id, count(*)::int AS total,
      count(*) FILTER (WHERE NOT starts_with(v.value, 'pne1.'))::int AS clear,
      count(*) FILTER (WHERE v.field = 'broker_api_key')::int AS broker_api_key,
      count(*) FILTER (WHERE v.field = 'broker_secret')::int AS broker_secret,
      count(*) FILTER (WHERE v.field = 'broker_token')::int AS broker_token
    FROM users u CROSS JOIN LATERAL (VALUES
      ('broker_api_key', u.broker_api_key), ('broker_secret', u.broker_secret), ('broker_token', u.broker_token)
    ) v (field, value)
    WHERE v.value <> '' GROUP BY 1 ORDER BY 1`.execute(db);
  return rows;
}

/** A sentence on credentials that nobody encrypted. */
export const inTheClear = (count: number) =>
  `${pluralize(count, 'credential')} ${count === 1 ? 'is' : 'are'} stored in the clear. To encrypt: pinnacle keys encrypt`;

/** Up to `limit` users with credentials, after an id. */
export function listCredentials(db: Kysely<Database>, after: string, limit: number): Promise<Credentials[]> {
  return db
    .selectFrom('users')
    .select(['user_id', 'broker_api_key', 'broker_secret', 'broker_token'])
    .where(sql<boolean>`user_id > ${after}`)
    .where((eb) =>
      eb.or([eb('broker_api_key', '<>', ''), eb('broker_secret', '<>', ''), eb('broker_token', '<>', '')]),
    )
    .orderBy('user_id')
    .limit(limit)
    .execute();
}

/** A key of the ring; throws KEYRING_MISSING where there is no ring, KEY_NOT_FOUND where it lacks the key. */
export function requireKey(
  ring: Ring | undefined,
  id: string,
  source: { name: string },
): { ring: Ring; key: RingKey } {
  if (!ring)
    throw new Failure(
      'integrity',
      'KEYRING_MISSING',
      `There is no key ring: ${source.name} does not exist.`,
      {
        hint: 'Create it: pinnacle keys generate',
      },
    );
  const key = ring.keys.get(id);
  if (!key) throw notFound('key', id, 'See: pinnacle keys status');
  return { ring, key };
}
