import type { OrderSide } from './enums.ts';
import { fixed, nearestDouble, over, plus, times } from './fixed.ts';
import type { Rupees } from './money.ts';
import { exactOf, type Position, unrealized } from './position.ts';

/** What a corporate action made of a position, beside its fills. */
export interface ActionEffect {
  /** By how much the signed shares change. */
  shares: number;
  /** By how much the cost of the position, `average*quantity`, changes: rupees. */
  cost: Rupees;
  /** What a share is worth afterwards, at the last known price: rupees. */
  price: number;
}

/** The effect that is stored like an execution: its shares bought or sold, at the price afterwards. */
export const effectOf = (
  { side, quantity, price }: { side: OrderSide; quantity: number; price: number },
  cost: Rupees,
): ActionEffect => ({ shares: side === 'BUY' ? quantity : -quantity, cost, price });

const signed = ({ side, quantity }: Pick<Position, 'side' | 'quantity'>) =>
  side === 'LONG' ? quantity : -quantity;

/**
 * A position after a corporate action, `average = (average*quantity + cost)/quantity'`, exact as in the ledger; nothing is
 * realized. Without a position, or after one that is closed, the shares open one at their cost. Throws RangeError where it would
 * turn a long position short, or the reverse.
 */
export function applyEffect(before: Position | null, { shares, cost, price }: ActionEffect): Position {
  const held = before?.status === 'OPEN' ? before : null;
  const after = (held ? signed(held) : 0) + shares;
  const side = held?.side ?? (shares < 0 ? 'SHORT' : 'LONG');
  if (after !== 0 && after > 0 !== (side === 'LONG'))
    throw new RangeError(`${side} ${held?.quantity ?? 0} cannot become ${after} shares`);
  const quantity = Math.abs(after);
  const was = before ? exactOf(before) : { average: fixed(0), realized: fixed(0) };
  const worth = plus(held ? times(was.average, held.quantity) : fixed(0), fixed(Number(cost)));
  const average = quantity === 0 ? was.average : over(worth, quantity);
  const average_price = nearestDouble(average);
  return {
    side,
    quantity,
    average_price,
    current_price: price,
    unrealized_pnl: quantity === 0 ? 0 : unrealized({ side, quantity, average_price }, price),
    realized_pnl: before?.realized_pnl ?? 0,
    status: quantity === 0 ? 'CLOSED' : 'OPEN',
    exact: { average, realized: was.realized },
  };
}
