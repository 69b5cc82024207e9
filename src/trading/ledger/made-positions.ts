import { type RawBuilder, sql } from 'kysely';
import { hasStep, OTHER_WRITERS_SINCE_STEP, type Schema } from '../../platform/postgres/schema-phase.ts';
import { productOf } from './product.ts';

/**
 * SQL for what executions, and opening balances, make of positions: `position_id`, and the signed `shares`, of a flip its
 * part. `whose` is a condition on `k`, what orders and positions have in common: user_id, symbol, strategy_id, product.
 */
export function madePositions(schema: Schema, whose: RawBuilder<unknown>): RawBuilder<unknown> {
  const opened = sql`UNION ALL
    SELECT k.position_id, NULL, l.quantity, l.seq, k.user_id, k.symbol, k.strategy_id, ${productOf(schema, 'k')}
    FROM ledger_openings l JOIN positions k ON k.position_id = l.id
    WHERE l.kind = 'position' AND l.undone_at IS NULL AND ${whose}`;
  return sql`
    WITH moves AS (
      SELECT position_id, flipped_to, moved,
        sum(moved) OVER (PARTITION BY user_id, symbol, coalesce(strategy_id, ''), coalesce(product, '') ORDER BY seq) AS stands
      FROM (
        SELECT f.position_id, f.flipped_to, CASE k.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END AS moved, f.seq,
          k.user_id, k.symbol, k.strategy_id, ${productOf(schema, 'k')} AS product
        FROM order_fills f JOIN orders k ON k.order_id = f.order_id
        WHERE f.position_id IS NOT NULL AND ${whose}
        ${hasStep(schema, OTHER_WRITERS_SINCE_STEP) ? opened : sql``}
      ) AS entries
    )
    SELECT position_id, sum(moved) AS shares FROM (
      SELECT position_id, CASE WHEN flipped_to IS NULL THEN moved ELSE moved - stands END AS moved FROM moves
      UNION ALL SELECT flipped_to, stands FROM moves WHERE flipped_to IS NOT NULL
    ) AS part GROUP BY position_id`;
}
