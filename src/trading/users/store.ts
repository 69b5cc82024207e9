import type { Kysely } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { type Failure, notFound, refused } from '../../util/failure.ts';

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
export async function findUser(db: Kysely<Database>, userId: UserId) {
  return known(await select(db, userId).executeTakeFirst(), userId);
}

/** The same, and nobody else may change the trader until the transaction ends. */
export async function lockUser(trx: Trx, userId: UserId) {
  return known(await select(trx.db, userId).forNoKeyUpdate().executeTakeFirst(), userId);
}

/** The refusal of what a disabled trader may not do. */
export function userDisabled(userId: UserId): Failure {
  return refused('USER_DISABLED', `The user ${userId} is disabled.`, `Run: pinnacle user enable ${userId}`);
}

/** What an empty list of a trader asks: throws USER_NOT_FOUND where there is no such trader. */
export function whenNoneOf(db: () => Promise<Kysely<Database>>, userId: UserId | undefined) {
  return async () => {
    if (userId !== undefined) await findUser(await db(), userId);
  };
}

function select(db: Kysely<Database>, userId: UserId) {
  return db.selectFrom('users').select(USER_COLUMNS).where('user_id', '=', userId);
}

function known<T>(user: T | undefined, userId: UserId): T {
  if (user === undefined) throw notFound('user', userId, 'See: pinnacle user list');
  return user;
}
