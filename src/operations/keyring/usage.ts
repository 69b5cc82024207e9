import { sql } from 'kysely';
import { ALERTS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import {
  BROKER_COLUMNS,
  type BrokerColumn,
  brokerColumns,
  type Credentials,
} from '../../platform/secrets/broker-credentials.ts';
import type { Ring, RingKey } from '../../platform/secrets/key-ring.ts';
import { Failure, notFound } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

/** How many credentials of each column a key encrypts; `key_id` is null for values that are no envelope, `clear` of which are plain. */
export type Use = Record<BrokerColumn | 'alert_channels', number> & {
  key_id: string | null;
  total: number;
  clear: number;
};

/** What every key encrypts in the database, counted in one statement. */
export async function countUse(source: Source): Promise<Use[]> {
  const stored = brokerColumns(source).map((name) => sql`(${sql.lit(name)}, u.${sql.ref(name)})`);
  const counts = [...BROKER_COLUMNS, 'alert_channels'].map(
    (name) => sql`count(*) FILTER (WHERE v.field = ${sql.lit(name)})::int AS ${sql.ref(name)}`,
  );
  const ofChannels = hasStep(source, ALERTS_SINCE_STEP)
    ? sql`UNION ALL SELECT 'alert_channels', s.value
      FROM alert_channels c CROSS JOIN LATERAL (VALUES (c.secret), (c.old_secret)) s (value)`
    : sql``;
  const { rows } = await sql<Use>`
    SELECT substring(v.value FROM '^pne1\\.([0-9a-f]{8})\\.') AS key_id, count(*)::int AS total,
      count(*) FILTER (WHERE NOT starts_with(v.value, 'pne1.'))::int AS clear,
      ${sql.join(counts)}
    FROM (
      SELECT s.field, s.value FROM users u CROSS JOIN LATERAL (VALUES ${sql.join(stored)}) s (field, value)
      ${ofChannels}
    ) v
    WHERE v.value <> '' GROUP BY 1 ORDER BY 1`.execute(source.db);
  return rows;
}

/** A sentence on credentials that nobody encrypted. */
export const inTheClear = (count: number) =>
  `${pluralize(count, 'credential')} ${count === 1 ? 'is' : 'are'} stored in the clear. To encrypt: pinnacle keys encrypt`;

/** Up to `limit` users with credentials, after an id. */
export async function listCredentials(source: Source, after: string, limit: number): Promise<Credentials[]> {
  const columns = brokerColumns(source);
  const rows = await source.db
    .selectFrom('users')
    .select(['user_id', ...columns])
    .where(sql<boolean>`user_id > ${after}`)
    .where((eb) => eb.or(columns.map((column) => eb(column, '<>', ''))))
    .orderBy('user_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, broker_totp: row.broker_totp ?? '' }));
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
