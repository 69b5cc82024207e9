import { type Kysely, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import {
  type BrokerColumn,
  brokerColumns,
  type Credentials,
} from '../../platform/secrets/broker-credentials.ts';
import { findUser, lockUser } from './store.ts';

/** The credentials of a user as stored; throws USER_NOT_FOUND. */
export async function findCredentials(source: Source, userId: UserId): Promise<Credentials> {
  await findUser(source.db, userId);
  return select(source, userId);
}

/** The same, and locks the user until the transaction ends. */
export async function lockCredentials(trx: Trx, userId: UserId): Promise<Credentials> {
  await lockUser(trx, userId);
  return select(trx, userId);
}

async function select(source: Source, userId: UserId): Promise<Credentials> {
  const [row] = await findAllCredentials(source, [userId]);
  if (!row) throw new Error('a user who was just found is there');
  return row;
}

/** The credentials of users as stored, of those who are there. */
export async function findAllCredentials(source: Source, userIds: readonly UserId[]): Promise<Credentials[]> {
  const rows = await source.db
    .selectFrom('users')
    .select(['user_id', ...brokerColumns(source)])
    .where('user_id', '=', (eb) => eb.fn<UserId>('any', [eb.val(userIds)]))
    .execute();
  return rows.map((row) => ({ ...row, broker_totp: row.broker_totp ?? '' }));
}

/** Stores envelopes, or '' for none, in columns of a user. */
export async function writeCredentials(
  trx: Trx,
  userId: UserId,
  values: Partial<Record<BrokerColumn, string>>,
): Promise<void> {
  await trx.db.updateTable('users').set(values).where('user_id', '=', userId).execute();
}

/** When each credential of a user was last set, according to the audit log. */
export async function whenSet(db: Kysely<Database>, userId: UserId): Promise<Map<string, string>> {
  const { rows } = await sql<{ field: string; at: Instant }>`
    SELECT substring(body FROM '"field":"([a-z_]+)"') AS field, max(at) AS at FROM audit_log
    WHERE target = ${`user ${userId}`} AND command IN ('user credentials set', 'user credentials import')
    GROUP BY 1`.execute(db);
  return new Map(rows.map(({ field, at }) => [field, at]));
}
