import { refused } from '../util/failure.ts';
import { applyEffect, effectOf } from './action-effect.ts';
import { mintId, type OrderId, type PositionId } from './id.ts';
import { type Instant, isBefore } from './instant.ts';
import type { Rupees } from './money.ts';
import { applyFill, type Execution, type Position } from './position.ts';

/**
 * An execution of one user, symbol, strategy and product, with the effect that it is booked with; or what a corporate action made of
 * a position between executions.
 */
export interface ChainFill extends Execution {
  /** Of a corporate action, that of the action. */
  fill_id: string;
  /** Null of a corporate action. */
  order_id: OrderId | null;
  executed_at: Instant;
  position_id: PositionId;
  flipped_to: PositionId | null;
  /** Rupees credited to the capital. */
  realized_pnl: Rupees;
  /** Of a corporate action, whose shares are bought or sold at the price afterwards. */
  action?: ChainAction | undefined;
}

export interface ChainAction {
  /** Signed shares that it counts. */
  shares_before: number;
  /** By how much the cost changes, rupees; below 0, that of which it is a part was counted. */
  cost: Rupees;
  /** Rupees a share, of what it counts. */
  average_before: number;
  /** When the position that it opens counts as opened. */
  opened_at: Instant;
}

export interface RebuiltPosition extends Position {
  position_id: PositionId;
  /** The order of the execution that opened it; null where a corporate action did. */
  order_id: OrderId | null;
  opened_at: Instant;
  closed_at: Instant | null;
}

/**
 * Applies the executions of one user, symbol, strategy and product in this order, starting without a position. Returns them with
 * their effects, and every position that they make. A position keeps the id under which its first execution was booked,
 * unless an earlier one has it: executions that did not change give what is booked. Throws FILL_BEFORE_ACTION where a corporate
 * action would find other shares than it counted, or another cost than that of which it moved a part to another symbol.
 */
export function rebuildPositions<F extends ChainFill>(
  fills: readonly F[],
): { fills: F[]; positions: RebuiltPosition[] } {
  const positions = new Map<PositionId, RebuiltPosition>();
  const rebuilt: F[] = [];
  const put = (position: RebuiltPosition) => {
    positions.set(position.position_id, position);
    return position;
  };
  const open = (fill: F, position: Position) =>
    put({
      ...position,
      position_id: freeId(fill, positions),
      order_id: fill.order_id,
      opened_at: fill.executed_at,
      closed_at: null,
    });
  let current: RebuiltPosition | null = null;
  for (const fill of fills) {
    const before: RebuiltPosition | null = current?.status === 'OPEN' ? current : null;
    if (fill.action) {
      current = put(afterAction(before, fill, fill.action));
      rebuilt.push(fill);
      continue;
    }
    const { position, opened, realized } = applyFill(before, fill);
    const closed_at = position.status === 'CLOSED' ? fill.executed_at : null;
    const moved: RebuiltPosition = before
      ? put({ ...before, ...position, opened_at: earlier(before, fill), closed_at })
      : open(fill, position);
    current = opened ? open(fill, opened) : moved;
    rebuilt.push({
      ...fill,
      position_id: moved.position_id,
      flipped_to: opened ? current.position_id : null,
      realized_pnl: realized,
    });
  }
  return { fills: rebuilt, positions: [...positions.values()] };
}

/** Rupees; what is moved is rounded to the paisa. */
const HALF_A_PAISA = 0.005;

function afterAction(
  current: RebuiltPosition | null,
  fill: ChainFill,
  { shares_before, cost, average_before, opened_at }: ChainAction,
): RebuiltPosition {
  const shares = current ? (current.side === 'LONG' ? current.quantity : -current.quantity) : 0;
  const position_id = current?.position_id ?? fill.position_id;
  if (shares !== shares_before || position_id !== fill.position_id)
    throw refused(
      'FILL_BEFORE_ACTION',
      `The corporate action ${fill.fill_id} counted ${shares_before} shares of position ${fill.position_id}; the executions before it would make ${shares}.`,
      `Nothing changed. Reverse the action, correct the executions, and apply it again: pinnacle corporate-action reverse ${fill.fill_id} --reason "to be corrected"`,
    );
  const counted = average_before * Math.abs(shares_before);
  const stands = current ? current.average_price * current.quantity : 0;
  // All of it would stay behind here, or be taken from here, while the other symbol has what was moved.
  if (Number(cost) < 0 && Math.abs(stands - counted) > HALF_A_PAISA)
    throw refused(
      'FILL_BEFORE_ACTION',
      `The corporate action ${fill.fill_id} moved a part of a cost of ${counted.toFixed(2)} of position ${fill.position_id} to another symbol; the executions before it would make ${stands.toFixed(2)}.`,
      `Nothing changed. Reverse the action, correct the executions, and apply it again: pinnacle corporate-action reverse ${fill.fill_id} --reason "to be corrected"`,
    );
  const position = applyEffect(current, effectOf(fill, cost));
  const closed_at = position.status === 'CLOSED' ? fill.executed_at : null;
  return { position_id, order_id: null, opened_at, ...current, ...position, closed_at };
}

const earlier = ({ opened_at }: RebuiltPosition, { executed_at }: ChainFill): Instant =>
  isBefore(executed_at, opened_at) ? executed_at : opened_at;

function freeId(
  { position_id, flipped_to, executed_at }: ChainFill,
  taken: ReadonlyMap<PositionId, unknown>,
): PositionId {
  if (flipped_to !== null && !taken.has(flipped_to)) return flipped_to;
  return taken.has(position_id) ? mintId('pos', new Date(executed_at)) : position_id;
}

/**
 * Where to begin to rebuild: the last execution before the first difference that started without a position. Undefined if
 * both are the same executions in the same order; unchanged ones must be the same objects.
 */
export function firstToRebuild(
  before: readonly ChainFill[],
  after: readonly ChainFill[],
): number | undefined {
  const different = before.findIndex((fill, i) => fill !== after[i]);
  if (different === -1) return undefined;
  let start = 0;
  let stands = 0;
  for (const [i, { side, quantity }] of before.slice(0, different + 1).entries()) {
    if (stands === 0) start = i;
    stands += side === 'BUY' ? quantity : -quantity;
  }
  return start;
}

/** Two chains as one, by time of execution; each keeps its own order, and of one time the first chain comes first. */
export function mergeByTime<F extends Pick<ChainFill, 'executed_at'>>(
  one: readonly F[],
  other: readonly F[],
): F[] {
  const merged: F[] = [];
  let taken = 0;
  for (const fill of one) {
    for (let next = other[taken]; next && isBefore(next.executed_at, fill.executed_at); next = other[taken]) {
      merged.push(next);
      taken++;
    }
    merged.push(fill);
  }
  return [...merged, ...other.slice(taken)];
}
