import type { OrderStatus } from '../db/schema.ts';
import { Decimal } from '../util/money.ts';

/** Which states an order may go to from each, by FIX: a cancelled order is completed only by a late fill. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['PLACED', 'PARTIALLY_FILLED', 'FILLED', 'REJECTED', 'CANCELLED'],
  PLACED: ['PARTIALLY_FILLED', 'FILLED', 'REJECTED', 'CANCELLED'],
  PARTIALLY_FILLED: ['PARTIALLY_FILLED', 'FILLED', 'CANCELLED'],
  CANCELLED: ['FILLED'],
  FILLED: [],
  REJECTED: [],
};

/** A step that the state of an order, or its quantity, does not allow; the message is for people. */
export class LedgerRefusal extends Error {
  override readonly name = 'LedgerRefusal';
  readonly code: 'ORDER_STATE' | 'OVERFILL';

  constructor(code: LedgerRefusal['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface FillableOrder {
  order_id: string;
  status: OrderStatus;
  quantity: number;
  filled_quantity: number;
  /** Rupees a share, the weighted mean of what is filled. */
  filled_price: number;
}

export interface FilledOrder {
  status: OrderStatus;
  filled_quantity: number;
  filled_price: number;
  /** The order was cancelled before the fill came. */
  late: boolean;
  /** More is filled than was ordered. */
  overfill: boolean;
}

/**
 * What a fill makes of an order. A late partial fill leaves it CANCELLED with more filled; a late fill that completes
 * it makes it FILLED. More than was ordered is refused unless allowed. Throws LedgerRefusal.
 */
export function applyFillToOrder(
  order: FillableOrder,
  fill: { quantity: number; price: number },
  { allowOverfill }: { allowOverfill: boolean },
): FilledOrder {
  if (order.status === 'REJECTED')
    throw new LedgerRefusal('ORDER_STATE', `Order ${order.order_id} is REJECTED; it takes no fill.`);
  const filled = order.filled_quantity + fill.quantity;
  const overfill = filled > order.quantity;
  if (overfill && !allowOverfill) throw tooMuch(order, fill.quantity);
  const late = order.status === 'CANCELLED';
  return {
    status: filled >= order.quantity ? 'FILLED' : late ? 'CANCELLED' : 'PARTIALLY_FILLED',
    filled_quantity: filled,
    filled_price: weightedMean(order, fill),
    late,
    overfill,
  };
}

/** Whether an order may be cancelled now; throws LedgerRefusal naming its state. */
export function checkCancel({ order_id, status }: Pick<FillableOrder, 'order_id' | 'status'>): void {
  if (TRANSITIONS[status].includes('CANCELLED')) return;
  throw new LedgerRefusal('ORDER_STATE', `Order ${order_id} is ${status}; it can no longer be cancelled.`);
}

function tooMuch(order: FillableOrder, quantity: number): LedgerRefusal {
  const { order_id, status, filled_quantity } = order;
  if (status === 'FILLED')
    return new LedgerRefusal('ORDER_STATE', `Order ${order_id} is FILLED; nothing is left to fill.`);
  const left = order.quantity - filled_quantity;
  return new LedgerRefusal('OVERFILL', `Order ${order_id} has ${left} left to fill, not ${quantity}.`);
}

/** `(mean*q + px*f)/(q+f)`. */
function weightedMean(order: FillableOrder, fill: { quantity: number; price: number }): number {
  const value = new Decimal(order.filled_price)
    .times(order.filled_quantity)
    .plus(new Decimal(fill.price).times(fill.quantity));
  return value.div(order.filled_quantity + fill.quantity).toNumber();
}
