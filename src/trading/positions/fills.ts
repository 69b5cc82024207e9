import { type Kysely, sql } from 'kysely';
import type { OrderId, PositionId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { StoredFill } from '../../domain/replay-position.ts';
import type { Database } from '../../platform/postgres/tables.ts';

export interface PositionFill extends StoredFill {
  fill_id: string;
  order_id: OrderId;
  broker_fill_id: string;
  executed_at: Instant;
  realized_pnl: Rupees;
}

/**
 * The fills of these positions, by position and in booking order; with `until` (UTC) those executed by then. The
 * remainder of a flip follows from all earlier fills of its key, so those are read, too.
 */
export async function findFills(
  db: Kysely<Database>,
  positionIds: readonly PositionId[],
  until?: Instant,
): Promise<Map<string, PositionFill[]>> {
  const { rows } = await sql<PositionFill>`
    WITH keys AS (
      SELECT DISTINCT user_id, symbol, coalesce(strategy_id, '') AS strategy_id
      FROM positions WHERE position_id = ANY(${positionIds})
    ), fills AS (
      SELECT f.seq, f.fill_id, f.order_id, f.broker_fill_id, f.position_id, f.flipped_to, o.side, f.quantity, f.price,
        f.executed_at, f.realized_pnl, sum(CASE o.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END)
          OVER (PARTITION BY k.user_id, k.symbol, k.strategy_id ORDER BY f.seq) AS stands
      FROM keys k
      JOIN positions p ON p.user_id = k.user_id AND p.symbol = k.symbol AND coalesce(p.strategy_id, '') = k.strategy_id
      JOIN order_fills f ON f.position_id = p.position_id
      JOIN orders o ON o.order_id = f.order_id
    )
    SELECT fill_id, order_id, broker_fill_id, position_id, flipped_to, side, quantity, price, stands::float8 AS stands,
      executed_at, realized_pnl
    FROM fills
    WHERE (position_id = ANY(${positionIds}) OR flipped_to = ANY(${positionIds}))
      ${until === undefined ? sql`` : sql`AND executed_at <= ${until}::timestamp`}
    ORDER BY seq`.execute(db);
  const found = new Map(positionIds.map((id) => [id, [] as PositionFill[]]));
  for (const fill of rows) {
    found.get(fill.position_id)?.push(fill);
    if (fill.flipped_to !== null) found.get(fill.flipped_to)?.push(fill);
  }
  return found;
}
