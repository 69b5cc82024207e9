import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import { hasStep, OTHER_WRITERS_SINCE_STEP, type Schema } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import { sessionTotals } from '../sessions/totals.ts';
import { flowTotals, type Invariant, openingCapital, openings } from './invariant.ts';

/** The quantity that an order had filled when it was imported: fills that are not in the database. */
export const BROUGHT = sql`
  o.filled_quantity - (SELECT coalesce(sum(f.quantity), 0) FROM order_fills f WHERE f.order_id = o.order_id)`;
/** What was taken over of the totals of strategies or sessions: `id`, `orders`, `completed`, `realized` and `capital` in rupees. */
export const openingTotals = (schema: Schema, kind: 'strategy' | 'session', user: UserId | undefined) =>
  hasStep(schema, OTHER_WRITERS_SINCE_STEP)
    ? sql`${openings(
        schema,
        kind,
        user,
        sql`SELECT id, sum(orders) AS orders, sum(completed) AS completed, sum(realized_pnl) AS realized, sum(capital) AS capital`,
      )} GROUP BY id`
    : sql`SELECT NULL AS id, 0 AS orders, 0 AS completed, 0 AS realized, 0 AS capital`;

/** Capital, and the totals of strategies and sessions, are what fills made of them. */
export const TOTAL_INVARIANTS: readonly Invariant[] = [
  {
    name: 'capital',
    phase: 2,
    about: 'user',
    holds:
      'the capital of a user is the opening capital, what was taken over, what every fill credited and every movement of money',
    offenders: (user, schema) => sql`
      SELECT u.user_id AS id, format('%s, opened with %s, credited %s, moved by %s', u.total_capital, a.capital,
        coalesce(c.credited, 0), coalesce(w.moved, 0)) AS detail
      FROM users u
      JOIN (
        SELECT user_id, sum(capital) AS capital FROM (${openingCapital(schema, user)}) AS parts GROUP BY user_id
      ) a ON a.user_id = u.user_id
      LEFT JOIN (
        SELECT o.user_id, sum(f.realized_pnl) AS credited
        FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE true ${ofUser('o', user)} GROUP BY o.user_id
      ) c ON c.user_id = u.user_id
      LEFT JOIN (${flowTotals(schema, user)}) w ON w.user_id = u.user_id
      WHERE u.total_capital <> a.capital + coalesce(c.credited, 0) + coalesce(w.moved, 0) ${ofUser('u', user)}`,
  },
  {
    name: 'strategy_totals',
    phase: 2,
    about: 'strategy',
    holds:
      "a user's strategy counts the orders placed and FILLED here, what their fills credited, and what was taken over",
    offenders: (user, schema) => sql`
      SELECT s.user_id || '/' || s.strategy_id AS id,
        format('%s orders, %s filled, P&L %s; the book has %s, %s, %s', s.total_orders, s.successful_orders, s.total_pnl,
          coalesce(n.orders, 0), coalesce(n.filled, 0), coalesce(c.credited, 0)) AS detail
      FROM user_strategies s
      LEFT JOIN (
        SELECT user_id, strategy_id, count(*) FILTER (WHERE NOT imported) AS orders,
          count(*) FILTER (WHERE status = 'FILLED' AND (NOT imported OR ${BROUGHT} < quantity)) AS filled
        FROM orders o WHERE strategy_id IS NOT NULL ${ofUser('o', user)} GROUP BY user_id, strategy_id
      ) n ON n.user_id = s.user_id AND n.strategy_id = s.strategy_id
      LEFT JOIN (
        SELECT o.user_id, o.strategy_id, sum(f.realized_pnl) AS credited
        FROM order_fills f JOIN orders o ON o.order_id = f.order_id
        WHERE o.strategy_id IS NOT NULL ${ofUser('o', user)} GROUP BY o.user_id, o.strategy_id
      ) c ON c.user_id = s.user_id AND c.strategy_id = s.strategy_id
      LEFT JOIN (${openingTotals(schema, 'strategy', user)}) l ON l.id = s.user_id || '/' || s.strategy_id
      WHERE (s.total_orders <> coalesce(n.orders, 0) + coalesce(l.orders, 0)
        OR s.successful_orders <> coalesce(n.filled, 0) + coalesce(l.completed, 0)
        OR round(s.total_pnl::numeric, 2) <> coalesce(c.credited, 0) + coalesce(l.realized, 0)) ${ofUser('s', user)}`,
  },
  {
    name: 'session_totals',
    phase: 3,
    about: 'session',
    holds:
      'a session counts the orders its fills completed and what its fills credited, and its capital moved by that and what was taken over',
    offenders: (user, schema) => sql`
      SELECT s.session_id AS id, format('%s filled, P&L %s, capital %s to %s; its fills make %s, %s', s.successful_orders,
        s.total_pnl, s.capital_at_start, s.capital_at_end, coalesce(m.completed, 0), coalesce(m.credited, 0)) AS detail
      FROM trading_sessions s LEFT JOIN (${sessionTotals(user)}) m ON m.session_id = s.session_id
      LEFT JOIN (${openingTotals(schema, 'session', user)}) l ON l.id = s.session_id
      WHERE (s.successful_orders <> coalesce(m.completed, 0) + coalesce(l.completed, 0)
        OR round(s.total_pnl::numeric, 2) <> coalesce(m.credited, 0) + coalesce(l.realized, 0)
        OR s.status = 'COMPLETED' AND round(s.capital_at_end::numeric - s.capital_at_start::numeric, 2)
          <> coalesce(m.credited, 0) + coalesce(l.capital, 0)) ${ofUser('s', user)}`,
  },
  {
    name: 'session_state',
    phase: 3,
    about: 'session',
    holds:
      'a session has an end and a capital at it once COMPLETED and not before, a peak no lower than its start, no negative drawdown',
    offenders: (user) => sql`
      SELECT s.session_id AS id, format('%s, ended %s, capital %s to %s, peak %s, drawdown %s', s.status, s.end_time,
        s.capital_at_start, s.capital_at_end, s.peak_equity, s.max_drawdown) AS detail
      FROM trading_sessions s
      WHERE (num_nulls(s.end_time, s.capital_at_end) <> CASE s.status WHEN 'COMPLETED' THEN 0 ELSE 2 END
        OR s.total_orders < 0 OR s.max_drawdown < 0
        OR s.peak_equity < s.capital_at_start) ${ofUser('s', user)}`,
  },
  {
    name: 'session_one_active',
    phase: 3,
    about: 'sessions',
    holds: 'a user has at most one ACTIVE session',
    offenders: (user) => sql`
      SELECT s.user_id AS id, format('%s ACTIVE sessions', count(*)) AS detail
      FROM trading_sessions s WHERE s.status = 'ACTIVE' ${ofUser('s', user)} GROUP BY s.user_id HAVING count(*) > 1`,
  },
];
