import { sql } from 'kysely';
import { ofUser } from '../of-user.ts';
import { type Invariant, openings } from './invariant.ts';
import { madePositions } from './made-positions.ts';
import { chainOf } from './product.ts';

/** The signed shares of a position. Another program may write those of a short one with a sign. */
const HELD = sql`CASE p.side WHEN 'LONG' THEN p.quantity ELSE -abs(p.quantity) END`;
/** A position is the sum of its fills, and each fill has one effect. */
export const POSITION_INVARIANTS: readonly Invariant[] = [
  {
    name: 'position_quantity',
    phase: 2,
    about: 'position',
    holds:
      'the signed shares of a position are the sum of its fills, opening balances and corporate actions; of a flip, its part',
    offenders: (user, schema) => sql`
      SELECT p.position_id AS id,
        format('holds %s, its fills make %s', ${HELD}, coalesce(m.shares, 0)) AS detail
      FROM positions p LEFT JOIN (${madePositions(schema, user === undefined ? sql`true` : sql`k.user_id = ${user}`)}) m
        ON m.position_id = p.position_id
      WHERE ${HELD} <> coalesce(m.shares, 0) ${ofUser('p', user)}`,
  },
  {
    name: 'position_owner',
    phase: 2,
    about: 'fill',
    holds: 'a fill moves a position of its own user, symbol, strategy and product',
    offenders: (user, schema) => sql`
      SELECT f.fill_id AS id, format('of order %s moved position %s', f.order_id, p.position_id) AS detail
      FROM (
        SELECT fill_id, order_id, position_id FROM order_fills WHERE position_id IS NOT NULL
        UNION ALL SELECT fill_id, order_id, flipped_to FROM order_fills WHERE flipped_to IS NOT NULL
      ) f JOIN orders o ON o.order_id = f.order_id JOIN positions p ON p.position_id = f.position_id
      WHERE (${chainOf(schema, 'p')}) <> (${chainOf(schema, 'o')}) ${ofUser('o', user)}`,
  },
  {
    name: 'position_state',
    phase: 2,
    about: 'position',
    holds: 'a position is OPEN while it holds shares, and CLOSED without value or end',
    offenders: (user) => sql`
      SELECT p.position_id AS id,
        format('%s with %s shares, unrealized %s', p.status, p.quantity, p.unrealized_pnl) AS detail
      FROM positions p
      WHERE ((p.status = 'OPEN') <> (p.quantity > 0) OR (p.status = 'OPEN') <> (p.closed_at IS NULL)
        OR (p.status = 'CLOSED' AND p.unrealized_pnl <> 0)) ${ofUser('p', user)}`,
  },
  {
    name: 'position_one_open',
    phase: 2,
    about: 'key',
    holds: 'a user has at most one OPEN position in a symbol, strategy and product',
    offenders: (user, schema) => sql`
      SELECT min(p.position_id) AS id,
        format('%s has %s OPEN positions in %s', p.user_id, count(*), p.symbol) AS detail
      FROM positions p WHERE p.status = 'OPEN' ${ofUser('p', user)}
      GROUP BY ${chainOf(schema, 'p')} HAVING count(*) > 1`,
  },
  {
    name: 'position_unrealized',
    phase: 2,
    about: 'position',
    holds: 'unrealized P&L is (current - average) * quantity * sign',
    offenders: (user) => sql`
      SELECT p.position_id AS id, format('unrealized is %s, should be %s', p.unrealized_pnl, due.pnl) AS detail
      FROM positions p
      CROSS JOIN LATERAL (SELECT (p.current_price - p.average_price) * ${HELD} AS pnl) AS due
      WHERE abs(p.unrealized_pnl - due.pnl) > 1e-6 + 1e-12 * greatest(p.current_price, p.average_price) * abs(p.quantity) ${ofUser('p', user)}`,
  },
  {
    name: 'position_realized',
    phase: 2,
    about: 'position',
    holds: 'realized P&L of a position, to the paisa, is what its fills credited, and its opening balance',
    offenders: (user, schema) => sql`
      SELECT p.position_id AS id,
        format('realized is %s, its fills credited %s', p.realized_pnl, coalesce(sum(f.realized_pnl), 0)) AS detail
      FROM positions p LEFT JOIN (
        SELECT position_id, realized_pnl FROM order_fills
        ${openings(schema, 'position', user, sql`UNION ALL SELECT id, realized_pnl`)}
      ) f ON f.position_id = p.position_id
      WHERE true ${ofUser('p', user)}
      GROUP BY p.position_id
      HAVING abs(p.realized_pnl::text::numeric - coalesce(sum(f.realized_pnl), 0)) > 0.005 + abs(p.realized_pnl::text::numeric) * 1e-15`,
  },
];
