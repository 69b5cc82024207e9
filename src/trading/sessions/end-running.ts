import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { SESSION_COLUMNS } from './store.ts';

/** Locks the users of all active sessions in the order of their ids, as everywhere. */
export async function lockOwners(trx: Trx): Promise<void> {
  await sql`
    SELECT FROM users WHERE user_id IN (SELECT user_id FROM trading_sessions WHERE status = 'ACTIVE')
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
}

/** Ends the active session of a user, or every active session; their users must be locked. */
export async function endRunning(trx: Trx, userId: UserId | undefined) {
  const now = await serverNow(trx.db);
  const ended = trx.db
    .updateTable('trading_sessions as s')
    .from('users as u')
    .set((eb) => ({
      status: 'COMPLETED',
      end_time: now,
      capital_at_end: eb.cast<number>('u.total_capital', 'double precision'),
      updated_at: now,
    }))
    .whereRef('s.user_id', '=', 'u.user_id')
    .where('s.status', '=', 'ACTIVE')
    .returning(SESSION_COLUMNS.map((name) => `s.${name}` as const));
  return (userId === undefined ? ended : ended.where('s.user_id', '=', userId)).execute();
}
