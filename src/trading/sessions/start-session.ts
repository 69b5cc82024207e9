import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { refused } from '../../util/failure.ts';
import { tradingDayOf } from '../trading-day.ts';
import { lockUser, userDisabled } from '../users/store.ts';
import { remeasureSessions } from './remeasure-equity.ts';
import { findActive, findSession } from './store.ts';

/**
 * Starts a session of a user with the present capital. Its peak and drawdown continue those of the earlier sessions of
 * the trading day. Throws USER_DISABLED, or SESSION_ACTIVE if one is running.
 */
export async function startSession(ctx: Context, userId: UserId) {
  const { now: at, dayStart } = await tradingDayOf(ctx);
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
    const session_id = mintId('ses', new Date(at));
    await trx.db
      .insertInto('trading_sessions')
      .values({
        session_id,
        user_id: userId,
        start_time: at,
        capital_at_start: capital,
        ...(await standingOf(trx, userId, capital, dayStart)),
        created_at: at,
        updated_at: at,
      })
      .execute();
    await remeasureSessions(trx, [userId], at);
    const session = await findSession(trx.db, session_id);
    return changed(session, auditTarget('session', session_id), { session });
  });
}

/** The peak of the trading day so far, and the largest drawdown from it: ending a session does not forget a loss. */
async function standingOf(trx: Trx, userId: UserId, capital: number, dayStart: Instant) {
  const { peak, worst } = await trx.db
    .selectFrom('trading_sessions')
    .select((eb) => [eb.fn.max('peak_equity').as('peak'), eb.fn.max('max_drawdown').as('worst')])
    .where('user_id', '=', userId)
    .where('end_time', '>', dayStart)
    .executeTakeFirstOrThrow();
  return { peak_equity: Math.max(capital, peak ?? 0), max_drawdown: worst ?? 0 };
}
