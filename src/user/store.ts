import { type Kysely, sql } from 'kysely';
import type { Trx } from '../audit/change.ts';
import { notFound } from '../cli/errors.ts';
import type { Database } from '../db/schema.ts';

export const USER_COLUMNS = [
  'user_id',
  'name',
  'email',
  'total_capital',
  'risk_tolerance',
  'enabled',
  'created_at',
  'last_login',
] as const;

/** One trader; throws USER_NOT_FOUND. */
export async function findUser(db: Kysely<Database>, userId: string) {
  const user = await db
    .selectFrom('users')
    .select(USER_COLUMNS)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!user) throw notFound('user', userId, 'See: pinnacle user list');
  return user;
}

/** The same, and nobody else may change the trader until the transaction ends. */
export async function lockUser(trx: Trx, userId: string) {
  await sql`SELECT FROM users WHERE user_id = ${userId} FOR NO KEY UPDATE`.execute(trx);
  return findUser(trx, userId);
}
