import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';

/**
 * Takes the equity of running sessions after the marks of their traders' positions moved, in one statement:
 * capital_at_start + total_pnl + the unrealized P&L of every open position, to the paisa. Equity above the peak is the
 * new peak; a `drawdown` above max_drawdown is the new one. The traders must be locked.
 */
export async function remeasureSessions(trx: Trx, userIds: readonly UserId[], at: Instant): Promise<void> {
  await sql`
    UPDATE trading_sessions s
    SET peak_equity = m.peak, updated_at = ${at}::timestamp,
      max_drawdown = greatest(s.max_drawdown,
        CASE WHEN round(m.peak * 100) > 0 THEN (round(m.peak * 100) - round(m.equity * 100)) * 100 / round(m.peak * 100) ELSE 0 END)
    FROM (
      SELECT a.session_id, e.equity, greatest(coalesce(a.peak_equity, a.capital_at_start), e.equity) AS peak
      FROM trading_sessions a CROSS JOIN LATERAL (
        SELECT (round(a.capital_at_start::numeric, 2) + round(a.total_pnl::numeric, 2)
          + coalesce(sum(round(p.unrealized_pnl::numeric, 2)), 0))::float8 AS equity
        FROM positions p WHERE p.user_id = a.user_id AND p.status = 'OPEN'
      ) e
      WHERE a.status = 'ACTIVE' AND a.user_id = ANY(${userIds})
    ) m
    WHERE s.session_id = m.session_id`.execute(trx.db);
}
