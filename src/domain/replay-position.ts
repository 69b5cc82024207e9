import type { OrderSide } from './enums.ts';
import type { PositionId } from './id.ts';
import { applyFill, type Position } from './position.ts';

/** A stored fill: shares, rupees per share. */
export interface StoredFill {
  position_id: PositionId;
  /** The position that the remainder of a flip opened. */
  flipped_to: PositionId | null;
  side: OrderSide;
  quantity: number;
  price: number;
  /** The signed shares of its user, symbol and strategy after it. */
  stands: number;
}

export interface ReplayedFill<F extends StoredFill> {
  fill: F;
  /** The shares of the fill that belong to this position; for a flip, a part. */
  shares: number;
  /** The position after it. */
  position: Position;
}

/** Rebuilds a position from its fills, given in booking order: one step per fill. */
export function replay<F extends StoredFill>(positionId: PositionId, fills: readonly F[]): ReplayedFill<F>[] {
  const steps: ReplayedFill<F>[] = [];
  let before: Position | null = null;
  for (const fill of fills) {
    const shares = sharesOf(positionId, fill, before);
    const { position }: { position: Position } = applyFill(before, { ...fill, quantity: shares });
    steps.push({ fill, shares, position });
    before = position;
  }
  return steps;
}

function sharesOf(positionId: PositionId, fill: StoredFill, before: Position | null): number {
  if (fill.flipped_to === positionId) return Math.abs(fill.stands);
  return fill.flipped_to !== null && before ? before.quantity : fill.quantity;
}
