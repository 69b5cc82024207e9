import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { refused } from '../../util/failure.ts';
import { lockUser, userDisabled } from '../users/store.ts';
import { findActive, SESSION_COLUMNS } from './store.ts';

/** Starts a session of a user with the present capital. Throws USER_DISABLED, or SESSION_ACTIVE if one is running. */
export function startSession(ctx: Context, userId: UserId) {
  const now = ctx.now();
  const at = instant(now);
  return ctx.change(async (trx) => {
    const owner = await lockUser(trx, userId);
    if (!owner.enabled) throw userDisabled(userId);
    const running = await findActive(trx.db, userId);
    if (running)
      throw refused(
        'SESSION_ACTIVE',
        `${userId} has a running session since ${running.start_time}: ${running.session_id}.`,
        `End it first: pinnacle session end --user ${userId}`,
      );
    const capital = Number(owner.total_capital);
    const session = await trx.db
      .insertInto('trading_sessions')
      .values({
        session_id: mintId('ses', now),
        user_id: userId,
        start_time: at,
        capital_at_start: capital,
        peak_equity: capital,
        created_at: at,
        updated_at: at,
      })
      .returning(SESSION_COLUMNS)
      .executeTakeFirstOrThrow();
    return changed(session, auditTarget('session', session.session_id), { session });
  });
}
