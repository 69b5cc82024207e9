import { sql } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { lockUser } from '../users/store.ts';
import { noSession, SESSION_COLUMNS } from './store.ts';

/** Ends the running session of a user with the present capital. Throws SESSION_NOT_FOUND if there is none. */
export function endSession(ctx: Context, userId: UserId) {
  return ctx.change(async (trx) => {
    await lockUser(trx, userId);
    const [session] = await endRunning(trx, userId);
    if (!session) throw noSession(userId, 'active session');
    return changed(session, auditTarget('session', session.session_id), { session });
  });
}

/** Ends every running session in the same way; returns them. */
export function endAllSessions(ctx: Context) {
  return ctx.change(async (trx) => {
    await lockOwners(trx);
    const ended = await endRunning(trx, undefined);
    if (ended.length === 0) return unchanged(ended);
    const sessions = firstListed(ended).map(({ session_id }) => session_id);
    return changed(ended, 'sessions', { ended: ended.length, sessions });
  });
}

/** Locks the users of all active sessions in the order of their ids, as everywhere. */
async function lockOwners(trx: Trx): Promise<void> {
  await sql`
    SELECT FROM users WHERE user_id IN (SELECT user_id FROM trading_sessions WHERE status = 'ACTIVE')
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
}

/** Ends the active session of a user, or every active session; their users must be locked. */
async function endRunning(trx: Trx, userId: UserId | undefined) {
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
