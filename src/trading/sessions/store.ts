import type { Kysely } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure } from '../../util/failure.ts';
import { rowsOf } from '../rows-of.ts';

export const SESSION_COLUMNS = [
  'session_id',
  'user_id',
  'status',
  'start_time',
  'end_time',
  'total_orders',
  'successful_orders',
  'total_pnl',
  'max_drawdown',
  'capital_at_start',
  'capital_at_end',
  'peak_equity',
  'created_at',
  'updated_at',
] as const;

const sessions = rowsOf('trading_sessions', SESSION_COLUMNS, 'session', 'See: pinnacle session list');

export type Session = Awaited<ReturnType<typeof sessions.find>>;

export const findSession = sessions.find;
/** Locks the user, then the session. */
export const lockSession = sessions.lockWithUser;
/** In the order of their ids. */
export const findSessions = sessions.findMany;

/** The running session of a user, if there is one. */
export async function findActive(db: Kysely<Database>, userId: UserId) {
  return db
    .selectFrom('trading_sessions')
    .select(['session_id', 'start_time'])
    .where('user_id', '=', userId)
    .where('status', '=', 'ACTIVE')
    .orderBy('start_time', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The user has no such session: exit 3, with the command that starts one. */
export function noSession(userId: UserId, which: 'active session' | 'session'): Failure {
  return new Failure('notFound', 'SESSION_NOT_FOUND', `${userId} has no ${which}.`, {
    hint: `Run: pinnacle session start ${userId}`,
  });
}
