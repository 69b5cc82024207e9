import { sql } from 'kysely';
import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { hasStep, OTHER_WRITERS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { remeasureSessions } from './remeasure-equity.ts';
import { findSession, lockSession, type Session } from './store.ts';
import { sessionTotals } from './totals.ts';

/** What was taken over of it from another program. */
const takenOver = (id: string) => sql`UNION ALL
  SELECT completed, realized_pnl, capital FROM ledger_openings
  WHERE kind = 'session' AND id = ${id} AND undone_at IS NULL`;

const TOTALS = ['successful_orders', 'total_pnl', 'capital_at_end', 'peak_equity', 'max_drawdown'] as const;

/**
 * Sets the totals of a session to what its fills come to and what was taken over, and the capital at its end accordingly; while it runs, also
 * raises its peak and drawdown to its present equity. Changes nothing if they are right. Throws SESSION_NOT_FOUND.
 */
export function recomputeSession(ctx: Context, id: string) {
  return ctx.change(async (trx) => {
    const before = await lockSession(trx, id);
    const now = await serverNow(trx.db);
    await sql`
      UPDATE trading_sessions s SET successful_orders = m.completed, total_pnl = m.credited::float8,
        capital_at_end = CASE WHEN s.status = 'COMPLETED'
          THEN (round(s.capital_at_start::numeric, 2) + m.moved)::float8 END
      FROM (
        SELECT coalesce(sum(completed), 0)::int AS completed, coalesce(sum(credited), 0) AS credited,
          coalesce(sum(moved), 0) AS moved
        FROM (
          SELECT completed, credited, credited AS moved FROM (${sessionTotals(before.user_id)}) AS t WHERE session_id = ${id}
          ${hasStep(trx, OTHER_WRITERS_SINCE_STEP) ? takenOver(id) : sql``}
        ) AS parts
      ) m
      WHERE s.session_id = ${id}`.execute(trx.db);
    if (before.status === 'ACTIVE') await remeasureSessions(trx, [before.user_id], now);
    const after = await findSession(trx.db, id);
    const differing = TOTALS.filter((column) => before[column] !== after[column]);
    if (differing.length === 0) return unchanged(after);
    const of = (session: Session) => Object.fromEntries(differing.map((column) => [column, session[column]]));
    return changed(after, auditTarget('session', id), { before: of(before), after: of(after) });
  });
}
