import { Decimal } from '../money.ts';

/** Signed shares and their average price in rupees per share; null where none is known. */
export interface NetPosition {
  quantity: number;
  average_price: number | null;
}

/**
 * The price in rupees per share of the one execution that turns a position into another, so that its average price is that
 * of the other as well: `(Qt*At - Qc*Ac) / (Qt - Qc)`. To nothing it is our average, from nothing or across zero theirs.
 * Null where nothing is to do, where a price that is needed is not known, and where it would not be above 0.
 */
export function adjustingPrice(book: NetPosition, target: NetPosition): Decimal | null {
  if (target.quantity === book.quantity) return null;
  const ours = positive(book.average_price);
  const theirs = positive(target.average_price);
  if (target.quantity === 0) return ours;
  if (book.quantity === 0 || Math.sign(book.quantity) !== Math.sign(target.quantity)) return theirs;
  if (ours === null || theirs === null) return null;
  const cost = theirs.times(target.quantity).minus(ours.times(book.quantity));
  const price = cost.div(target.quantity - book.quantity);
  return price.gt(0) ? price : null;
}

const positive = (price: number | null): Decimal | null =>
  price !== null && price > 0 ? new Decimal(price) : null;
