import { type RawBuilder, sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import {
  ACTIONS_SINCE_STEP,
  hasStep,
  OTHER_WRITERS_SINCE_STEP,
  type Schema,
} from '../../platform/postgres/schema-phase.ts';
import { productOf } from './product.ts';

/** What counts: executions before a moment, and corporate actions before it or also those of that moment. */
interface Until {
  at: Instant;
  actions: 'before' | 'through';
}

/**
 * SQL for what executions, opening balances and corporate actions make of positions: `position_id`, and the signed `shares`, of a
 * flip its part. `whose` is a condition on `k`, what orders and positions have in common: user_id, symbol, strategy_id, product.
 */
export function madePositions(
  schema: Schema,
  whose: RawBuilder<unknown>,
  until?: Until,
): RawBuilder<unknown> {
  const isBefore = (time: string) =>
    until === undefined ? sql`true` : sql`${sql.ref(time)} < ${until.at}::timestamp`;
  const chain = sql`k.user_id, k.symbol, k.strategy_id, ${productOf(schema, 'k')} AS product`;
  const opened = sql`UNION ALL
    SELECT k.position_id, NULL, l.quantity, l.seq, ${isBefore('k.opened_at')}, ${chain}
    FROM ledger_openings l JOIN positions k ON k.position_id = l.id
    WHERE l.kind = 'position' AND l.undone_at IS NULL AND ${whose}`;
  const acted = sql`UNION ALL
    SELECT k.position_id, NULL, e.shares, e.seq, ${
      until?.actions === 'through'
        ? sql`e.effective_at <= ${until.at}::timestamp`
        : isBefore('e.effective_at')
    }, ${chain}
    FROM corporate_action_effects e JOIN positions k ON k.position_id = e.position_id
    WHERE e.reversed_at IS NULL AND ${whose}`;
  return sql`
    WITH moves AS (
      SELECT position_id, flipped_to, moved, counts,
        sum(moved) OVER (PARTITION BY user_id, symbol, coalesce(strategy_id, ''), coalesce(product, '') ORDER BY seq) AS stands
      FROM (
        SELECT f.position_id, f.flipped_to, CASE k.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END AS moved, f.seq,
          ${isBefore('f.executed_at')} AS counts, ${chain}
        FROM order_fills f JOIN orders k ON k.order_id = f.order_id
        WHERE f.position_id IS NOT NULL AND ${whose}
        ${hasStep(schema, OTHER_WRITERS_SINCE_STEP) ? opened : sql``}
        ${hasStep(schema, ACTIONS_SINCE_STEP) ? acted : sql``}
      ) AS entries
    )
    SELECT position_id, sum(moved) AS shares FROM (
      SELECT position_id, CASE WHEN flipped_to IS NULL THEN moved ELSE moved - stands END AS moved FROM moves WHERE counts
      UNION ALL SELECT flipped_to, stands FROM moves WHERE flipped_to IS NOT NULL AND counts
    ) AS part GROUP BY position_id`;
}
