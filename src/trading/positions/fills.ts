import { sql } from 'kysely';
import type { OrderId, PositionId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { StoredFill } from '../../domain/replay-position.ts';
import {
  ACTIONS_SINCE_STEP,
  hasStep,
  OTHER_WRITERS_SINCE_STEP,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import { productOf } from '../ledger/product.ts';

export interface PositionFill extends StoredFill {
  fill_id: string;
  /** Null for an opening balance, whose `fill_id` is the adoption, and for a corporate action. */
  order_id: OrderId | null;
  broker_fill_id: string;
  executed_at: Instant;
  realized_pnl: Rupees;
  /** Of a corporate action, whose id is the `fill_id`: rupees. */
  cost: Rupees | null;
}

/**
 * The fills of these positions, by position and in booking order; with `until` (UTC) those executed by then. The
 * remainder of a flip follows from all earlier fills of its key, so those are read, too. What was taken over from other
 * programs stands among them as an execution without an order, from when the position was opened; so do corporate actions, from
 * their ex-date, with the shares that they added or took.
 */
export async function findFills(
  source: Source,
  positionIds: readonly PositionId[],
  until?: Instant,
): Promise<Map<string, PositionFill[]>> {
  const product = productOf(source, 'p');
  const ofKey = sql`p.user_id = k.user_id AND p.symbol = k.symbol AND coalesce(p.strategy_id, '') = k.strategy_id
        AND coalesce(${product}, '') = k.product`;
  const opened = sql`UNION ALL
      SELECT l.seq, l.run_id, NULL, 'opening balance', p.position_id, NULL, p.user_id, p.symbol, p.strategy_id, k.product,
        CASE WHEN l.quantity > 0 THEN 'BUY' ELSE 'SELL' END, abs(l.quantity), l.price, p.opened_at, l.realized_pnl,
        NULL
      FROM keys k JOIN positions p ON ${ofKey}
      JOIN ledger_openings l ON l.id = p.position_id AND l.kind = 'position' AND l.undone_at IS NULL
      WHERE l.quantity <> 0 AND l.price > 0`;
  const acted = sql`UNION ALL
      SELECT e.seq, e.action_id, NULL, 'corporate action', p.position_id, NULL, p.user_id, p.symbol, p.strategy_id, k.product,
        CASE WHEN e.shares < 0 THEN 'SELL' ELSE 'BUY' END, abs(e.shares), e.price, e.effective_at, 0, e.cost
      FROM keys k JOIN positions p ON ${ofKey}
      JOIN corporate_action_effects e ON e.position_id = p.position_id AND e.reversed_at IS NULL
      WHERE e.shares <> 0 OR e.cost <> 0`;
  const { rows } = await sql<PositionFill>`
    WITH keys AS (
      SELECT DISTINCT user_id, symbol, coalesce(strategy_id, '') AS strategy_id, coalesce(${product}, '') AS product
      FROM positions p WHERE position_id = ANY(${positionIds})
    ), entries AS (
      SELECT f.seq, f.fill_id, f.order_id, f.broker_fill_id, f.position_id, f.flipped_to, p.user_id, p.symbol, p.strategy_id,
        k.product, o.side::text AS side, f.quantity, f.price, f.executed_at, f.realized_pnl,
        NULL::numeric AS cost
      FROM keys k JOIN positions p ON ${ofKey}
      JOIN order_fills f ON f.position_id = p.position_id
      JOIN orders o ON o.order_id = f.order_id
      ${hasStep(source, OTHER_WRITERS_SINCE_STEP) ? opened : sql``}
      ${hasStep(source, ACTIONS_SINCE_STEP) ? acted : sql``}
    ), fills AS (
      SELECT *, sum(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END)
        OVER (PARTITION BY user_id, symbol, coalesce(strategy_id, ''), product ORDER BY seq) AS stands
      FROM entries
    )
    SELECT fill_id, order_id, broker_fill_id, position_id, flipped_to, side, quantity, price, stands::float8 AS stands,
      executed_at, realized_pnl, cost
    FROM fills
    WHERE (position_id = ANY(${positionIds}) OR flipped_to = ANY(${positionIds}))
      ${until === undefined ? sql`` : sql`AND executed_at <= ${until}::timestamp`}
    ORDER BY seq`.execute(source.db);
  const found = new Map(positionIds.map((id) => [id, [] as PositionFill[]]));
  for (const fill of rows) {
    found.get(fill.position_id)?.push(fill);
    if (fill.flipped_to !== null) found.get(fill.flipped_to)?.push(fill);
  }
  return found;
}
