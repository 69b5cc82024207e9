import type { OrderSide, OrderType } from './enums.ts';

/** The limits beyond which an entry is asked about; 0 asks never. */
export interface Guard {
  /** Percent that a price may be off the last one that is known. */
  priceMove: number;
  /** Shares of one execution. */
  shares: number;
}

/** Why an execution is probably a mistake; `quote` is the last one of the symbol, if any, in rupees per share. */
export function doubtsOfFill(
  fill: { quantity: number; price: number },
  order: { side: OrderSide; order_type: OrderType; price: number },
  quote: number | null,
  guard: Guard,
): string[] {
  const isWorse =
    guard.priceMove > 0 &&
    order.order_type === 'LIMIT' &&
    (order.side === 'BUY' ? fill.price > order.price : fill.price < order.price);
  return [
    ...(isWorse ? [`${fill.price} is worse than the limit of the order, ${order.price}`] : []),
    ...doubtOfPrice(fill.price, quote, guard),
    ...(guard.shares > 0 && fill.quantity > guard.shares
      ? [`${fill.quantity} shares are more than ${guard.shares}`]
      : []),
  ];
}

/** Why a price is probably a mistake, if it is: `known` is the last one of the symbol, both in rupees per share. */
export function doubtOfPrice(price: number, known: number | null, { priceMove }: Guard): string[] {
  if (priceMove === 0 || known === null || known === 0) return [];
  const percent = (Math.abs(price - known) / known) * 100;
  if (percent <= priceMove) return [];
  const side = price > known ? 'above' : 'below';
  return [`${price} is ${percent.toFixed(1)} % ${side} the last price, ${known}`];
}
