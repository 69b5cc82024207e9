import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/schema.ts';
import type { StoredFill } from '../ledger/replay.ts';

export interface PositionFill extends StoredFill {
  fill_id: string;
  order_id: string;
  broker_fill_id: string;
  executed_at: string;
  created_at: string;
  realized_pnl: string;
}

/**
 * The fills that made these positions, by position and in the order of their booking; with `until` only those booked
 * by then (UTC). What a fill left of a flip follows from all earlier ones of its key, so those are read, too.
 */
export async function findFills(
  db: Kysely<Database>,
  positionIds: readonly string[],
  until?: string,
): Promise<Map<string, PositionFill[]>> {
  const { rows } = await sql<PositionFill>`
    WITH keys AS (
      SELECT DISTINCT user_id, symbol, coalesce(strategy_id, '') AS strategy_id
      FROM positions WHERE position_id = ANY(${positionIds})
    ), fills AS (
      SELECT f.*, o.side, sum(CASE o.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END)
        OVER (PARTITION BY o.user_id, o.symbol, coalesce(o.strategy_id, '') ORDER BY f.seq) AS stands
      FROM keys k
      JOIN orders o ON o.user_id = k.user_id AND o.symbol = k.symbol AND coalesce(o.strategy_id, '') = k.strategy_id
      JOIN order_fills f ON f.order_id = o.order_id
    )
    SELECT fill_id, order_id, broker_fill_id, position_id, flipped_to, side, quantity, price, stands::float8 AS stands,
      executed_at, created_at, realized_pnl
    FROM fills
    WHERE (position_id = ANY(${positionIds}) OR flipped_to = ANY(${positionIds}))
      ${until === undefined ? sql`` : sql`AND created_at <= ${until}::timestamp`}
    ORDER BY seq`.execute(db);
  const found = new Map(positionIds.map((id) => [id, [] as PositionFill[]]));
  for (const fill of rows) {
    found.get(fill.position_id)?.push(fill);
    if (fill.flipped_to !== null) found.get(fill.flipped_to)?.push(fill);
  }
  return found;
}
