import { applyEffect, effectOf } from './action-effect.ts';
import type { OrderSide } from './enums.ts';
import type { PositionId } from './id.ts';
import type { Rupees } from './money.ts';
import { applyWithin, type Position } from './position.ts';

/** A stored fill: shares, rupees per share. */
export interface StoredFill {
  position_id: PositionId;
  /** The position that the remainder of a flip opened. */
  flipped_to: PositionId | null;
  side: OrderSide;
  quantity: number;
  price: number;
  /** The signed shares of its user, symbol, strategy and product after it. */
  stands: number;
  /** Of a corporate action, instead of an execution: by how much it changes the cost, rupees. */
  cost?: Rupees | null;
}

export interface ReplayedFill<F extends StoredFill> {
  fill: F;
  /** The shares of the fill that belong to this position; for a flip, a part. */
  shares: number;
  /** The position after it. */
  position: Position;
}

/**
 * Rebuilds a position from its fills and corporate actions, given in booking order: one step each. A part of them gives what that
 * part makes.
 */
export function replay<F extends StoredFill>(positionId: PositionId, fills: readonly F[]): ReplayedFill<F>[] {
  const steps: ReplayedFill<F>[] = [];
  let before: Position | null = null;
  for (const fill of fills) {
    const shares = sharesOf(positionId, fill);
    const position: Position =
      typeof fill.cost === 'string'
        ? applyEffect(before, effectOf(fill, fill.cost))
        : applyWithin(before, { ...fill, quantity: shares });
    steps.push({ fill, shares, position });
    before = position;
  }
  return steps;
}

function sharesOf(positionId: PositionId, { flipped_to, quantity, stands }: StoredFill): number {
  if (flipped_to === null) return quantity;
  return flipped_to === positionId ? Math.abs(stands) : quantity - Math.abs(stands);
}
