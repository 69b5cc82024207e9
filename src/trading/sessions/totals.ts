import { type RawBuilder, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';

/**
 * SQL for what the fills of each session, of one user or of all, come to: `session_id`, `credited` in rupees, and how many
 * orders they `completed`.
 */
export function sessionTotals(user: UserId | undefined): RawBuilder<unknown> {
  return sql`
    SELECT session_id, sum(realized_pnl) AS credited,
      count(*) FILTER (WHERE filled >= ordered AND filled - quantity < ordered) AS completed
    FROM (
      SELECT f.session_id, f.realized_pnl, o.quantity AS ordered, f.quantity,
        o.filled_quantity - sum(f.quantity) OVER (PARTITION BY f.order_id)
          + sum(f.quantity) OVER (PARTITION BY f.order_id ORDER BY f.seq) AS filled
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      WHERE ${user === undefined ? sql`true` : sql`o.user_id = ${user}`}
    ) AS sums WHERE session_id IS NOT NULL GROUP BY session_id`;
}
