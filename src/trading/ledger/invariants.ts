import { type RawBuilder, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import { sessionTotals } from '../sessions/totals.ts';

/** A statement about the book that must always hold, and the query for its violations: `id` and `detail`. */
export interface Invariant {
  name: string;
  /** The phase whose tables it reads. */
  phase: 1 | 2 | 3 | 4;
  /** The statement, as a sentence. */
  holds: string;
  offenders: (user: UserId | undefined) => RawBuilder<unknown>;
}

/** `AND table.user_id = …` if only one user is verified. */
function of(table: string, user: UserId | undefined): RawBuilder<unknown> {
  return user === undefined ? sql`` : sql`AND ${sql.ref(`${table}.user_id`)} = ${user}`;
}

/** The shares of a fill; positive for a buy. */
const SIGNED = sql`CASE o.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END`;
/** A position's sign. */
const SIGN = sql`CASE p.side WHEN 'LONG' THEN 1 ELSE -1 END`;
/** The quantity that an order had filled when it was imported: fills that are not in the database. */
const BROUGHT = sql`
  o.filled_quantity - (SELECT coalesce(sum(f.quantity), 0) FROM order_fills f WHERE f.order_id = o.order_id)`;
/** The average price of fills per share. */
const MEAN = sql`sum(f.quantity * f.price) / sum(f.quantity)`;

/** A position is the sum of its fills, and each fill has one effect. */
const POSITIONS: readonly Invariant[] = [
  {
    name: 'position_quantity',
    phase: 2,
    holds: 'the signed shares of a position are the sum of its fills; of a flip, its part',
    offenders: (user) => sql`
      WITH moves AS (
        SELECT f.position_id, f.flipped_to, ${SIGNED} AS moved, sum(${SIGNED}) OVER (
          PARTITION BY o.user_id, o.symbol, coalesce(o.strategy_id, '') ORDER BY f.seq) AS stands
        FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE true ${of('o', user)}
      ), made AS (
        SELECT position_id, sum(moved) AS shares FROM (
          SELECT position_id, CASE WHEN flipped_to IS NULL THEN moved ELSE moved - stands END AS moved FROM moves
          UNION ALL SELECT flipped_to, stands FROM moves WHERE flipped_to IS NOT NULL
        ) AS part GROUP BY position_id
      )
      SELECT p.position_id AS id,
        format('holds %s, its fills make %s', ${SIGN} * p.quantity, coalesce(m.shares, 0)) AS detail
      FROM positions p LEFT JOIN made m ON m.position_id = p.position_id
      WHERE ${SIGN} * p.quantity <> coalesce(m.shares, 0) ${of('p', user)}`,
  },
  {
    name: 'position_owner',
    phase: 2,
    holds: 'a fill moves a position of its own user, symbol and strategy',
    offenders: (user) => sql`
      SELECT f.fill_id AS id, format('of order %s moved position %s', f.order_id, p.position_id) AS detail
      FROM (
        SELECT fill_id, order_id, position_id FROM order_fills
        UNION ALL SELECT fill_id, order_id, flipped_to FROM order_fills WHERE flipped_to IS NOT NULL
      ) f JOIN orders o ON o.order_id = f.order_id JOIN positions p ON p.position_id = f.position_id
      WHERE (p.user_id, p.symbol, coalesce(p.strategy_id, ''))
        <> (o.user_id, o.symbol, coalesce(o.strategy_id, '')) ${of('o', user)}`,
  },
  {
    name: 'position_state',
    phase: 2,
    holds: 'a position is OPEN while it holds shares, and CLOSED without value or end',
    offenders: (user) => sql`
      SELECT p.position_id AS id,
        format('%s with %s shares, unrealized %s', p.status, p.quantity, p.unrealized_pnl) AS detail
      FROM positions p
      WHERE ((p.status = 'OPEN') <> (p.quantity > 0) OR (p.status = 'OPEN') <> (p.closed_at IS NULL)
        OR (p.status = 'CLOSED' AND p.unrealized_pnl <> 0)) ${of('p', user)}`,
  },
  {
    name: 'position_one_open',
    phase: 2,
    holds: 'a user has at most one OPEN position in a symbol and strategy',
    offenders: (user) => sql`
      SELECT min(p.position_id) AS id,
        format('%s has %s OPEN positions in %s', p.user_id, count(*), p.symbol) AS detail
      FROM positions p WHERE p.status = 'OPEN' ${of('p', user)}
      GROUP BY p.user_id, p.symbol, coalesce(p.strategy_id, '') HAVING count(*) > 1`,
  },
  {
    name: 'position_unrealized',
    phase: 2,
    holds: 'unrealized P&L is (current - average) * quantity * sign',
    offenders: (user) => sql`
      SELECT p.position_id AS id, format('unrealized is %s, should be %s', p.unrealized_pnl, due.pnl) AS detail
      FROM positions p
      CROSS JOIN LATERAL (SELECT (p.current_price - p.average_price) * p.quantity * ${SIGN} AS pnl) AS due
      WHERE abs(p.unrealized_pnl - due.pnl) > 1e-6 + 1e-12 * greatest(p.current_price, p.average_price) * p.quantity ${of('p', user)}`,
  },
  {
    name: 'position_realized',
    phase: 2,
    holds: 'realized P&L of a position, to the paisa, is what its fills credited',
    offenders: (user) => sql`
      SELECT p.position_id AS id,
        format('realized is %s, its fills credited %s', p.realized_pnl, coalesce(sum(f.realized_pnl), 0)) AS detail
      FROM positions p LEFT JOIN order_fills f ON f.position_id = p.position_id WHERE true ${of('p', user)}
      GROUP BY p.position_id
      HAVING abs(p.realized_pnl::text::numeric - coalesce(sum(f.realized_pnl), 0)) > 0.005 + abs(p.realized_pnl::text::numeric) * 1e-15`,
  },
];

const ORDERS: readonly Invariant[] = [
  {
    name: 'order_filled',
    phase: 2,
    holds:
      'what an order has filled, and at which mean price, is the sum of its fills; of an imported one, part of it',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('%s at %s, its fills make %s at %s', o.filled_quantity, o.filled_price,
        coalesce(sum(f.quantity), 0), coalesce(${MEAN}, 0)) AS detail
      FROM orders o LEFT JOIN order_fills f ON f.order_id = o.order_id WHERE true ${of('o', user)}
      GROUP BY o.order_id
      HAVING CASE WHEN o.imported THEN o.filled_quantity < coalesce(sum(f.quantity), 0)
        ELSE o.filled_quantity <> coalesce(sum(f.quantity), 0)
          OR abs(o.filled_price - coalesce(${MEAN}, 0)) > 1e-9 * greatest(1, o.filled_price) END`,
  },
  {
    name: 'order_state',
    phase: 1,
    holds: 'the status of an order says how much of it is filled',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('%s with %s of %s filled', o.status, o.filled_quantity, o.quantity) AS detail
      FROM orders o
      WHERE NOT CASE o.status
        WHEN 'FILLED' THEN o.filled_quantity >= o.quantity
        WHEN 'PARTIALLY_FILLED' THEN o.filled_quantity > 0 AND o.filled_quantity < o.quantity
        WHEN 'CANCELLED' THEN o.filled_quantity < o.quantity
        ELSE o.filled_quantity = 0 END ${of('o', user)}`,
  },
  {
    name: 'order_time',
    phase: 1,
    holds: 'no order was placed or changed in the future, which would count it towards another trading day',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('placed at %s, changed at %s', o.created_at, o.updated_at) AS detail
      FROM orders o
      WHERE greatest(o.created_at, o.updated_at) > clock_timestamp()::timestamp + interval '1 minute' ${of('o', user)}`,
  },
  {
    name: 'order_overfill',
    phase: 2,
    holds: 'more than was ordered is filled only where a fill is flagged so',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('%s of %s filled', o.filled_quantity, o.quantity) AS detail
      FROM orders o
      WHERE o.filled_quantity > o.quantity AND NOT o.imported ${of('o', user)}
        AND NOT EXISTS (SELECT FROM order_fills f WHERE f.order_id = o.order_id AND f.overfill)`,
  },
];

/** The opening capital of users, from the audit row of their creation. */
const OPENING = sql`
  SELECT DISTINCT ON (target) substr(target, 6) AS user_id,
    -- Not parsed as JSON, which an entry of another writer may not be.
    substring(body FROM '"total_capital":"?(-?[0-9]+(?:[.][0-9]+)?)')::numeric AS capital
  FROM audit_log WHERE command IN ('user add', 'user import') AND target LIKE 'user %' ORDER BY target, id`;

const TOTALS: readonly Invariant[] = [
  {
    name: 'capital',
    phase: 2,
    holds: 'the capital of a user is the opening capital and what every fill credited',
    offenders: (user) => sql`
      SELECT u.user_id AS id, format('%s, opened with %s and credited %s', u.total_capital, a.capital,
        coalesce(c.credited, 0)) AS detail
      FROM users u
      JOIN (${OPENING}) a ON a.user_id = u.user_id
      LEFT JOIN (
        SELECT o.user_id, sum(f.realized_pnl) AS credited
        FROM order_fills f JOIN orders o ON o.order_id = f.order_id GROUP BY o.user_id
      ) c ON c.user_id = u.user_id
      WHERE u.total_capital <> a.capital + coalesce(c.credited, 0) ${of('u', user)}`,
  },
  {
    name: 'strategy_totals',
    phase: 2,
    holds: "a user's strategy counts the orders placed and FILLED here, and what their fills credited",
    offenders: (user) => sql`
      SELECT s.user_id || '/' || s.strategy_id AS id,
        format('%s orders, %s filled, P&L %s; the book has %s, %s, %s', s.total_orders, s.successful_orders, s.total_pnl,
          coalesce(n.orders, 0), coalesce(n.filled, 0), coalesce(c.credited, 0)) AS detail
      FROM user_strategies s
      LEFT JOIN (
        SELECT user_id, strategy_id, count(*) FILTER (WHERE NOT imported) AS orders,
          count(*) FILTER (WHERE status = 'FILLED' AND (NOT imported OR ${BROUGHT} < quantity)) AS filled
        FROM orders o WHERE strategy_id IS NOT NULL GROUP BY user_id, strategy_id
      ) n ON n.user_id = s.user_id AND n.strategy_id = s.strategy_id
      LEFT JOIN (
        SELECT o.user_id, o.strategy_id, sum(f.realized_pnl) AS credited
        FROM order_fills f JOIN orders o ON o.order_id = f.order_id
        WHERE o.strategy_id IS NOT NULL GROUP BY o.user_id, o.strategy_id
      ) c ON c.user_id = s.user_id AND c.strategy_id = s.strategy_id
      WHERE (s.total_orders <> coalesce(n.orders, 0) OR s.successful_orders <> coalesce(n.filled, 0)
        OR round(s.total_pnl::numeric, 2) <> coalesce(c.credited, 0)) ${of('s', user)}`,
  },
  {
    name: 'session_totals',
    phase: 3,
    holds:
      'a session counts the orders its fills completed and what its fills credited, and its capital moved by that',
    offenders: (user) => sql`
      SELECT s.session_id AS id, format('%s filled, P&L %s, capital %s to %s; its fills make %s, %s', s.successful_orders,
        s.total_pnl, s.capital_at_start, s.capital_at_end, coalesce(m.completed, 0), coalesce(m.credited, 0)) AS detail
      FROM trading_sessions s LEFT JOIN (${sessionTotals(user)}) m ON m.session_id = s.session_id
      WHERE (s.successful_orders <> coalesce(m.completed, 0)
        OR round(s.total_pnl::numeric, 2) <> coalesce(m.credited, 0)
        OR s.status = 'COMPLETED'
          AND round(s.capital_at_end::numeric - s.capital_at_start::numeric, 2) <> coalesce(m.credited, 0)) ${of('s', user)}`,
  },
  {
    name: 'session_state',
    phase: 3,
    holds:
      'a session has an end and a capital at it once COMPLETED and not before, a peak no lower than its start, no negative drawdown',
    offenders: (user) => sql`
      SELECT s.session_id AS id, format('%s, ended %s, capital %s to %s, peak %s, drawdown %s', s.status, s.end_time,
        s.capital_at_start, s.capital_at_end, s.peak_equity, s.max_drawdown) AS detail
      FROM trading_sessions s
      WHERE (num_nulls(s.end_time, s.capital_at_end) <> CASE s.status WHEN 'COMPLETED' THEN 0 ELSE 2 END
        OR s.total_orders < 0 OR s.max_drawdown < 0
        OR s.peak_equity < s.capital_at_start) ${of('s', user)}`,
  },
  {
    name: 'session_one_active',
    phase: 3,
    holds: 'a user has at most one ACTIVE session',
    offenders: (user) => sql`
      SELECT s.user_id AS id, format('%s ACTIVE sessions', count(*)) AS detail
      FROM trading_sessions s WHERE s.status = 'ACTIVE' ${of('s', user)} GROUP BY s.user_id HAVING count(*) > 1`,
  },
];

/**
 * The transaction that last wrote a row has no audit row. xmin is the lower half of an id in audit_log; it stays
 * readable when a row is frozen, and names the transaction itself because no change uses savepoints.
 */
const UNAUDITED = (xmin: string) =>
  sql`NOT EXISTS (SELECT FROM audit_log a WHERE a.txid::xid = ${sql.ref(xmin)})`;

const AUDIT: readonly Invariant[] = [
  {
    name: 'audit_users',
    phase: 1,
    holds: 'the creation of every user is in the audit log',
    offenders: (user) => sql`
      SELECT u.user_id AS id, 'no audit row of its creation' AS detail
      FROM users u LEFT JOIN (${OPENING}) a ON a.user_id = u.user_id
      WHERE a.capital IS NULL ${of('u', user)}`,
  },
  {
    name: 'audit_orders',
    phase: 1,
    holds: 'the latest change of every order has its audit row',
    offenders: (user) => sql`
      SELECT o.order_id AS id, 'last changed without an audit row' AS detail
      FROM orders o WHERE ${UNAUDITED('o.xmin')} ${of('o', user)}`,
  },
  {
    name: 'audit_fills',
    phase: 2,
    holds: 'every fill has its audit row',
    offenders: (user) => sql`
      SELECT f.fill_id AS id, 'booked without an audit row' AS detail
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      WHERE ${UNAUDITED('f.xmin')} ${of('o', user)}`,
  },
];

/** Every invariant of the ledger, in the order they are reported. */
export const INVARIANTS: readonly Invariant[] = [...ORDERS, ...POSITIONS, ...TOTALS, ...AUDIT];
