import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import { afterWhatIsBooked } from '../ledger/booking-order.ts';
import { flowTotals, openingCapital } from '../ledger/invariant.ts';
import { BROUGHT, openingTotals } from '../ledger/total-invariants.ts';
import { sessionTotals } from '../sessions/totals.ts';

/**
 * Takes over the capital of a locked user as far as neither its opening, an execution nor a movement of money explains it; returns the rupees, or
 * undefined where all is explained.
 */
export async function openCapital(trx: Trx, user: UserId, runId: string): Promise<Rupees | undefined> {
  const { rows } = await sql<{ capital: Rupees }>`
    INSERT INTO ledger_openings (run_id, user_id, kind, id, seq, capital)
    SELECT ${runId}, u.user_id, 'capital', u.user_id, ${afterWhatIsBooked(trx)}, due.unexplained
    FROM users u
    LEFT JOIN (
      SELECT user_id, sum(capital) AS capital FROM (${openingCapital(trx, user)}) AS parts GROUP BY user_id
    ) a ON a.user_id = u.user_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(f.realized_pnl), 0) AS credited
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE o.user_id = u.user_id
    ) c
    LEFT JOIN (${flowTotals(trx, user)}) w ON w.user_id = u.user_id
    CROSS JOIN LATERAL (
      SELECT u.total_capital - coalesce(a.capital, 0) - c.credited - coalesce(w.moved, 0) AS unexplained
    ) due
    WHERE u.user_id = ${user} AND (a.capital IS NULL OR due.unexplained <> 0)
    RETURNING capital`.execute(trx.db);
  return rows[0]?.capital;
}

/** Takes over what other programs counted for the strategies of a user; returns how many strategies. */
export async function openStrategies(trx: Trx, user: UserId, runId: string): Promise<number> {
  const { rows } = await sql`
    INSERT INTO ledger_openings (run_id, user_id, kind, id, seq, orders, completed, realized_pnl)
    SELECT ${runId}, s.user_id, 'strategy', s.user_id || '/' || s.strategy_id, ${afterWhatIsBooked(trx)}, due.*
    FROM user_strategies s
    LEFT JOIN (${openingTotals(trx, 'strategy', user)}) l ON l.id = s.user_id || '/' || s.strategy_id
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE NOT imported) AS orders,
        count(*) FILTER (WHERE status = 'FILLED' AND (NOT imported OR ${BROUGHT} < quantity)) AS filled
      FROM orders o WHERE o.user_id = s.user_id AND o.strategy_id = s.strategy_id
    ) n
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(f.realized_pnl), 0) AS credited FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      WHERE o.user_id = s.user_id AND o.strategy_id = s.strategy_id
    ) c
    CROSS JOIN LATERAL (
      SELECT s.total_orders - n.orders - coalesce(l.orders, 0) AS orders,
        s.successful_orders - n.filled - coalesce(l.completed, 0) AS completed,
        round(s.total_pnl::numeric, 2) - c.credited - coalesce(l.realized, 0) AS realized
    ) due
    WHERE s.user_id = ${user} AND (due.orders <> 0 OR due.completed <> 0 OR due.realized <> 0)
    RETURNING id`.execute(trx.db);
  return rows.length;
}

/**
 * Takes over what other programs counted for the sessions of a user, and by what they moved the capital while each ran: of
 * one that runs, until now. Returns how many sessions.
 */
export async function openSessions(trx: Trx, user: UserId, runId: string): Promise<number> {
  const { rows } = await sql`
    INSERT INTO ledger_openings (run_id, user_id, kind, id, seq, completed, realized_pnl, capital)
    SELECT ${runId}, s.user_id, 'session', s.session_id, ${afterWhatIsBooked(trx)}, due.*
    FROM trading_sessions s JOIN users u ON u.user_id = s.user_id
    LEFT JOIN (${sessionTotals(user)}) m ON m.session_id = s.session_id
    LEFT JOIN (${openingTotals(trx, 'session', user)}) l ON l.id = s.session_id
    CROSS JOIN LATERAL (
      SELECT s.successful_orders - coalesce(m.completed, 0) - coalesce(l.completed, 0) AS completed,
        round(s.total_pnl::numeric, 2) - coalesce(m.credited, 0) - coalesce(l.realized, 0) AS realized,
        round(CASE s.status WHEN 'COMPLETED' THEN s.capital_at_end::numeric ELSE u.total_capital END
          - s.capital_at_start::numeric, 2) - coalesce(m.credited, 0) - coalesce(l.capital, 0) AS capital
    ) due
    WHERE s.user_id = ${user} AND (due.completed <> 0 OR due.realized <> 0 OR due.capital <> 0)
    RETURNING id`.execute(trx.db);
  return rows.length;
}
