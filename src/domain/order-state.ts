import { type Failure, refused } from '../util/failure.ts';
import type { OrderStatus } from './enums.ts';
import { type Lot, meanPrice } from './money.ts';
import { checkLot } from './position.ts';

/**
 * Which states an order may go to from each, by FIX: a cancelled order is completed only by a late fill. A rejected
 * one never reached the market, and a retry makes it PENDING again.
 */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['PLACED', 'PARTIALLY_FILLED', 'FILLED', 'REJECTED', 'CANCELLED'],
  PLACED: ['PARTIALLY_FILLED', 'FILLED', 'REJECTED', 'CANCELLED'],
  PARTIALLY_FILLED: ['PARTIALLY_FILLED', 'FILLED', 'CANCELLED'],
  CANCELLED: ['FILLED'],
  FILLED: [],
  REJECTED: ['PENDING'],
};

/** Whether an order may go from one state to another; only a further partial fill keeps the state. */
export function canTransition(from: OrderStatus, to: OrderStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

export interface FillableOrder {
  order_id: string;
  status: OrderStatus;
  quantity: number;
  filled_quantity: number;
  /** Rupees per share, the weighted mean of the fills. */
  filled_price: number;
}

export interface FilledOrder {
  status: OrderStatus;
  filled_quantity: number;
  filled_price: number;
  /** The order was cancelled before the fill arrived. */
  late: boolean;
  /** More is filled than was ordered. */
  overfill: boolean;
}

/**
 * The state of an order after a fill. A late partial fill keeps it CANCELLED with more filled; a late fill that
 * completes it makes it FILLED. An overfill is refused unless allowed; then the order is FILLED beyond its quantity.
 * Throws ORDER_STATE or OVERFILL, and RangeError for a quantity or price that is not positive.
 */
export function applyFillToOrder(
  order: FillableOrder,
  fill: Lot,
  { allowOverfill }: { allowOverfill: boolean },
): FilledOrder {
  checkLot(fill);
  if (order.status === 'REJECTED') throw invalidTransition(order, 'FILLED');
  const filled = order.filled_quantity + fill.quantity;
  const overfill = filled > order.quantity;
  if (overfill && !allowOverfill) throw overfillError(order, fill.quantity);
  const late = order.status === 'CANCELLED';
  return {
    status: filled >= order.quantity ? 'FILLED' : late ? 'CANCELLED' : 'PARTIALLY_FILLED',
    filled_quantity: filled,
    filled_price: meanPrice({ quantity: order.filled_quantity, price: order.filled_price }, fill),
    late,
    overfill,
  };
}

/**
 * The state of an order that has these fills and no others, and which of them exceed its quantity. `unfilled` is the order
 * without them; `order.quantity` may be exceeded.
 */
export function refillOrder<O extends FillableOrder>(
  unfilled: O,
  fills: readonly Lot[],
): { order: O; overfills: boolean[] } {
  let order = unfilled;
  const overfills = fills.map((fill) => {
    const { status, filled_quantity, filled_price, overfill } = applyFillToOrder(order, fill, {
      allowOverfill: true,
    });
    order = { ...order, status, filled_quantity, filled_price };
    return overfill;
  });
  return { order, overfills };
}

/** Throws ORDER_STATE, naming the order's state and those that `step` needs, unless the order may go to `to` now. */
export function assertTransition(
  order: Pick<FillableOrder, 'order_id' | 'status'>,
  to: OrderStatus,
  step = STEPS[to],
): void {
  if (!canTransition(order.status, to)) throw invalidTransition(order, to, step);
}

const STEPS: Readonly<Record<OrderStatus, string>> = {
  PENDING: 'a retry',
  PLACED: 'a placement',
  PARTIALLY_FILLED: 'a partial fill',
  FILLED: 'a fill',
  REJECTED: 'a rejection',
  CANCELLED: 'a cancel',
};

function invalidTransition(
  { order_id, status }: Pick<FillableOrder, 'order_id' | 'status'>,
  to: OrderStatus,
  step = STEPS[to],
): Failure {
  const needed = (Object.keys(TRANSITIONS) as OrderStatus[]).filter((from) => canTransition(from, to));
  const states = needed.join(', ').replace(/, (\w+)$/, ' or $1');
  return refused('ORDER_STATE', `Order ${order_id} is ${status}; ${step} needs ${states}.`);
}

function overfillError(order: FillableOrder, quantity: number): Failure {
  const { order_id, status, filled_quantity } = order;
  if (status === 'FILLED')
    return refused('ORDER_STATE', `Order ${order_id} is FILLED; nothing is left to fill.`);
  const left = order.quantity - filled_quantity;
  return refused(
    'OVERFILL',
    `Order ${order_id} has ${left} left to fill, not ${quantity}.`,
    'If the broker insists on it: --allow-overfill',
  );
}
