import { type Fixed, fixed, minus, nearestDouble, over, plus, times, wholePaisa } from './fixed.ts';
import { type Lot, NO_RUPEES, type Rupees, rupeesOf } from './money.ts';

/** A position row: shares, rupees per share, rupees. Doubles, as the columns are. */
export interface Position {
  side: 'LONG' | 'SHORT';
  quantity: number;
  average_price: number;
  /** The last known price: of the latest fill or mark. */
  current_price: number;
  unrealized_pnl: number;
  realized_pnl: number;
  status: 'OPEN' | 'CLOSED';
  /** What average_price and realized_pnl are rounded from; left out where the doubles themselves are exact. */
  exact?: Exact | undefined;
}

/** Rupees per share, and rupees. */
export interface Exact {
  average: Fixed;
  realized: Fixed;
}

/** An execution of an order: shares, rupees per share. */
export interface Execution extends Lot {
  side: 'BUY' | 'SELL';
}

export interface FillEffect {
  /** The existing row, or the first one; CLOSED with quantity 0 if the fill closed it. */
  position: Position;
  /** The new row that a flip opens with the remainder of the fill. */
  opened?: Position;
  /** Rupees to credit to the user's capital, to the paisa. */
  realized: Rupees;
}

/**
 * Nets an execution into a position (null: there is none). The same side moves the average price,
 * `(avg*q + px*f)/(q+f)`; the other side realizes `(px-avg)*min(f,q)*sign` and keeps the average; a fill larger than
 * the position flips it: the row closes and a new one opens at px.
 *
 * The arithmetic is decimal and every step starts from the exact values: a mean rounded to a double would be a paisa
 * off at sums of crores. The credit is `round(realized after, 2) - round(realized before, 2)`, so that credits add up to
 * the rounded total.
 * Throws RangeError for a quantity that is not a positive whole number, a price that is not a positive number, and a
 * CLOSED position, after which a fill opens a new row.
 */
export function applyFill(position: Position | null, fill: Execution): FillEffect {
  checkLot(fill);
  if (position?.status === 'CLOSED') throw new RangeError('a CLOSED position takes no fill');
  const side = fill.side === 'BUY' ? 'LONG' : 'SHORT';
  if (position === null) return { position: openAt(side, fill.quantity, fill.price), realized: NO_RUPEES };
  if (position.side === side) return { position: add(position, fill), realized: NO_RUPEES };
  const closing = Math.min(fill.quantity, position.quantity);
  const reduced = reduce(position, closing, fill.price);
  const realized = rupeesOf(realizedPaisa(reduced) - realizedPaisa(position));
  if (fill.quantity === closing) return { position: reduced, realized };
  return { position: reduced, opened: openAt(side, fill.quantity - closing, fill.price), realized };
}

/**
 * The same within one row, for a part of its executions: they may turn it, or close it and open it again, which all of
 * them together do not. The row goes on with what it realized.
 */
export function applyWithin(position: Position | null, fill: Execution): Position {
  const ended = position?.status === 'CLOSED' ? position : null;
  const { position: moved, opened } = applyFill(ended ? null : position, fill);
  if (!ended && !opened) return moved;
  const next = opened ?? moved;
  const before = ended ?? moved;
  return {
    ...next,
    realized_pnl: before.realized_pnl,
    exact: { average: fixed(next.average_price), realized: exactOf(before).realized },
  };
}

/** The unrealized P&L of a position at a mark, `(mark-avg)*quantity*sign` in rupees. Throws RangeError for a bad mark. */
export function unrealized(
  position: Pick<Position, 'side' | 'quantity' | 'average_price'>,
  mark: number,
): number {
  checkPrice(mark);
  return nearestDouble(gain(position.side, fixed(position.average_price), position.quantity, mark));
}

function gain(side: Position['side'], average: Fixed, quantity: number, price: number): Fixed {
  return times(minus(fixed(price), average), side === 'LONG' ? quantity : -quantity);
}

/** What the columns of a position are rounded from. */
export const exactOf = ({ exact, average_price, realized_pnl }: Position): Exact =>
  exact ?? { average: fixed(average_price), realized: fixed(realized_pnl) };

/** The mean of two lots, rupees per share. */
function exactMean(average: Fixed, quantity: number, fill: Execution): Fixed {
  const cost = plus(times(average, quantity), times(fixed(fill.price), fill.quantity));
  return over(cost, quantity + fill.quantity);
}

const realizedPaisa = ({ exact, realized_pnl }: Position): bigint =>
  wholePaisa(exact?.realized ?? fixed(realized_pnl));

/** The realized P&L of a position, to the paisa: exact but for the last of 40 places. */
export const realizedOf = (position: Position): Rupees => rupeesOf(realizedPaisa(position));

function openAt(side: Position['side'], quantity: number, price: number): Position {
  return {
    side,
    quantity,
    average_price: price,
    current_price: price,
    unrealized_pnl: 0,
    realized_pnl: 0,
    status: 'OPEN',
  };
}

function add(position: Position, fill: Execution): Position {
  const { average: before, realized } = exactOf(position);
  const average = exactMean(before, position.quantity, fill);
  return moved(position, fill.price, {
    quantity: position.quantity + fill.quantity,
    average_price: nearestDouble(average),
    realized_pnl: position.realized_pnl,
    exact: { average, realized },
  });
}

function reduce(position: Position, closing: number, price: number): Position {
  const { average, realized: before } = exactOf(position);
  const realized = plus(gain(position.side, average, closing, price), before);
  return moved(position, price, {
    quantity: position.quantity - closing,
    average_price: position.average_price,
    realized_pnl: nearestDouble(realized),
    exact: { average, realized },
  });
}

/** A position after an execution, at its price. */
function moved(
  { side }: Position,
  price: number,
  values: Pick<Position, 'quantity' | 'average_price' | 'realized_pnl' | 'exact'>,
): Position {
  const { quantity, average_price, realized_pnl, exact } = values;
  return {
    side,
    quantity,
    average_price,
    current_price: price,
    unrealized_pnl: unrealized({ side, quantity, average_price }, price),
    realized_pnl,
    status: quantity === 0 ? 'CLOSED' : 'OPEN',
    exact,
  };
}

/** Throws RangeError, naming the value, unless quantity and price are valid. */
export function checkLot({ quantity, price }: Lot): void {
  if (!Number.isSafeInteger(quantity) || quantity <= 0)
    throw new RangeError(`a quantity must be a whole number of shares, 1 or more, not ${quantity}`);
  checkPrice(price);
}

function checkPrice(price: number): void {
  if (!Number.isFinite(price) || price <= 0)
    throw new RangeError(`a price must be a positive number of rupees, not ${price}`);
}
