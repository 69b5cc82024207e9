import { sql } from 'kysely';
import { applyEffect, effectOf } from '../../domain/action-effect.ts';
import type { BookPosition } from '../../domain/book.ts';
import type { OrderSide } from '../../domain/enums.ts';
import type { PositionId } from '../../domain/id.ts';
import { addMoney, NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { applyFill, type Exact, exactOf, type Position, realizedOf } from '../../domain/position.ts';
import { ACTIONS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';

interface StoredFill {
  position_id: PositionId;
  side: OrderSide;
  quantity: number;
  price: number;
  /** What it credited on behalf of the position, in rupees. */
  realized_pnl: Rupees;
  /** Of a corporate action, instead of an execution: the change of its cost in rupees. */
  cost: Rupees | null;
}

/**
 * Gives locked open positions the exact mean price and P&L that their columns, doubles, are rounded from: the fills and corporate
 * actions of each are applied again, in one query.
 */
export async function restoreExact(source: Source, positions: readonly BookPosition[]): Promise<void> {
  if (positions.length === 0) return;
  const fills = await readFills(source, positions);
  for (const position of positions) {
    position.exact = replayed(position, fills.get(position.position_id) ?? []);
  }
}

/** The fills of positions in booking order. That of the flip which opened one counts in it with the remainder only. */
async function readFills(
  source: Source,
  positions: readonly BookPosition[],
): Promise<Map<PositionId, StoredFill[]>> {
  const ids = positions.map(({ position_id }) => position_id);
  const acted = hasStep(source, ACTIONS_SINCE_STEP);
  const { rows } = await sql<StoredFill>`
    SELECT f.position_id, o.side, f.quantity, f.price, f.realized_pnl, f.seq::float8 AS seq, NULL AS cost FROM (
      SELECT position_id, order_id, quantity, price, realized_pnl, seq FROM order_fills WHERE position_id = ANY(${ids})
      UNION ALL
      SELECT p.position_id, f.order_id, abs(CASE p.side WHEN 'LONG' THEN p.quantity ELSE -p.quantity END - coalesce((
          SELECT sum(CASE b.side WHEN 'BUY' THEN a.quantity ELSE -a.quantity END)
          FROM order_fills a JOIN orders b ON b.order_id = a.order_id WHERE a.position_id = p.position_id), 0)
          - ${
            acted
              ? sql`coalesce((SELECT sum(e.shares) FROM corporate_action_effects e
            WHERE e.position_id = p.position_id AND e.reversed_at IS NULL), 0)`
              : sql`0`
          })::int,
        f.price, 0, f.seq
      FROM positions p JOIN order_fills f ON f.order_id = p.order_id AND f.flipped_to = p.position_id
      WHERE p.position_id = ANY(${ids})
    ) f JOIN orders o ON o.order_id = f.order_id
    ${
      acted
        ? sql`UNION ALL
      SELECT e.position_id, CASE WHEN e.shares < 0 THEN 'SELL' ELSE 'BUY' END::order_side, abs(e.shares), e.price, 0, e.seq, e.cost
      FROM corporate_action_effects e
      WHERE e.position_id = ANY(${ids}) AND e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0)`
        : sql``
    }
    ORDER BY seq`.execute(source.db);
  const found = new Map<PositionId, StoredFill[]>();
  for (const fill of rows) {
    const before = found.get(fill.position_id);
    if (before) before.push(fill);
    else found.set(fill.position_id, [fill]);
  }
  return found;
}

/**
 * The exact values after these fills; undefined if they do not make the position, as of rows that others wrote, or were
 * credited otherwise, as by a version that rounded the mean.
 */
function replayed(row: BookPosition, fills: readonly StoredFill[]): Exact | undefined {
  let position: Position | null = null;
  let credited = NO_RUPEES;
  for (const fill of fills) {
    if (position?.status === 'CLOSED') return undefined;
    position =
      fill.cost === null
        ? applyFill(position, fill).position
        : applyEffect(position, effectOf(fill, fill.cost));
    credited = addMoney(credited, fill.realized_pnl);
  }
  const made: Position | null = position;
  const isSame = made?.side === row.side && made.quantity === row.quantity;
  return isSame && realizedOf(made) === credited ? exactOf(made) : undefined;
}
