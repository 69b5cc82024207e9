import { type Kysely, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';

const COLUMNS = [
  'user_id',
  'client_code',
  'logged_in_at',
  'token_expires_at',
  'totp_step',
  'clock_skew_ms',
  'synced_at',
  'sync_problem',
] as const;

/** Who a trader is at the broker, and when they logged in; undefined for nobody. */
export function findAccount(db: Kysely<Database>, user: UserId) {
  return db.selectFrom('broker_accounts').select(COLUMNS).where('user_id', '=', user).executeTakeFirst();
}

export type BrokerAccount = NonNullable<Awaited<ReturnType<typeof findAccount>>>;

/** The traders who have a client code, or those of them who are enabled, by their id. */
export async function listAccountUsers(db: Kysely<Database>, only?: 'enabled'): Promise<UserId[]> {
  const rows = await db
    .selectFrom('broker_accounts')
    .innerJoin('users', 'users.user_id', 'broker_accounts.user_id')
    .select('broker_accounts.user_id')
    .$if(only === 'enabled', (query) => query.where('users.enabled', '=', true))
    .orderBy('broker_accounts.user_id')
    .execute();
  return rows.map(({ user_id }) => user_id);
}

/** Stores the client code of a trader. A session of another client is over. */
export async function writeClientCode(trx: Trx, user: UserId, code: string): Promise<void> {
  await trx.db
    .insertInto('broker_accounts')
    .values({ user_id: user, client_code: code })
    .onConflict((conflict) =>
      conflict.column('user_id').doUpdateSet({
        client_code: code,
        logged_in_at: null,
        token_expires_at: null,
      }),
    )
    .execute();
}

/** Stores what changed about an account. */
export async function updateAccount(
  db: Kysely<Database>,
  user: UserId,
  change: Partial<Pick<BrokerAccount, 'logged_in_at' | 'token_expires_at' | 'clock_skew_ms'>>,
): Promise<void> {
  await db.updateTable('broker_accounts').set(change).where('user_id', '=', user).execute();
}

/**
 * Takes a step of one-time passwords for a trader: true for one process alone, and never again for this step or one before
 * it. Committed at once, so that no code is sent twice whatever happens next.
 */
export async function takeTotpStep(db: Kysely<Database>, user: UserId, step: number): Promise<boolean> {
  const { rows } = await sql`
    UPDATE broker_accounts SET totp_step = ${step}::bigint
    WHERE user_id = ${user} AND coalesce(totp_step, 0) < ${step}::bigint RETURNING user_id`.execute(db);
  return rows.length > 0;
}
