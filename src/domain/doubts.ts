import type { OrderSide, OrderType } from './enums.ts';
import type { Instant } from './instant.ts';
import type { Quote } from './quote.ts';

/** The limits beyond which an entry is asked about; 0 asks never. */
export interface Guard {
  /** Percent that a price may be off the last one that is known. */
  priceMove: number;
  /** Shares of one execution. */
  shares: number;
}

/** The newest price of a symbol that is known: rupees per share, UTC. */
export interface KnownPrice {
  price: number;
  at: Instant;
  source: 'quote' | 'mark' | 'fill';
}

/**
 * Why an execution is probably a mistake: `known` is the newest price of its symbol, if any, and `at` the time of the
 * execution.
 */
export function doubtsOfFill(
  fill: { quantity: number; price: number; at: Instant },
  order: { side: OrderSide; order_type: OrderType; price: number },
  known: KnownPrice | undefined,
  guard: Guard,
): string[] {
  const isWorse =
    guard.priceMove > 0 &&
    order.order_type === 'LIMIT' &&
    (order.side === 'BUY' ? fill.price > order.price : fill.price < order.price);
  return [
    ...(isWorse ? [`${fill.price} is worse than the limit of the order, ${order.price}`] : []),
    ...doubtOfPrice(fill, known, guard),
    ...(guard.shares > 0 && fill.quantity > guard.shares
      ? [`${fill.quantity} shares are more than ${guard.shares}`]
      : []),
  ];
}

/** Why a price, at its time, is probably a mistake, if it is. */
export function doubtOfPrice(
  { price, at }: { price: number; at: Instant },
  known: KnownPrice | undefined,
  { priceMove }: Guard,
): string[] {
  if (priceMove === 0 || !known || known.price === 0 || !areWithinTradingDay(known.at, at)) return [];
  const moved = moveBeyond(priceMove, price, known.price);
  return moved === undefined
    ? []
    : [`${moved} the last price, ${known.price} (${known.source} of ${known.at})`];
}

/** `110 is 10.0 % above`, where a price is more than so many percent off another one. */
function moveBeyond(most: number, price: number, from: number): string | undefined {
  const percent = (Math.abs(price - from) / from) * 100;
  if (percent <= most) return undefined;
  return `${price} is ${percent.toFixed(1)} % ${price > from ? 'above' : 'below'}`;
}

/**
 * Why a quote is probably a mistake, if it is: outside the range of its own day, or far from the close of the day before or the
 * last price that is known, in rupees per share and of whatever time: nobody looks at it before it is booked.
 */
export function doubtOfQuote(
  { ltp, low, high, close }: Pick<Quote, 'ltp' | 'low' | 'high' | 'close'>,
  last: number | undefined,
  { priceMove }: Guard,
): string | undefined {
  if (isSet(low) && ltp < low) return `${ltp} is below the lowest price of its day, ${low}`;
  if (isSet(high) && ltp > high) return `${ltp} is above the highest price of its day, ${high}`;
  const known = [
    [close, 'the close of the day before'],
    [last, 'the last price'],
  ] as const;
  for (const [price, what] of known) {
    if (priceMove === 0 || !isSet(price)) continue;
    const moved = moveBeyond(priceMove, ltp, price);
    if (moved !== undefined) return `${moved} ${what}, ${price}`;
  }
  return undefined;
}

/** Feeds write 0 where they know nothing. */
const isSet = (price: number | undefined): price is number => price !== undefined && price > 0;

const DAY_MS = 86_400_000;
/** Whatever the time zone of the exchange, it is Sunday there. */
const A_SUNDAY_NOON_MS = Date.UTC(1970, 0, 4, 12);

/** Whether no more than 24 hours are between two times, weekends left out: a price may honestly move further in longer. */
function areWithinTradingDay(a: Instant, b: Instant): boolean {
  const [from = 0, until = 0] = [Date.parse(a), Date.parse(b)].sort((x, y) => x - y);
  const weeks = (ms: number) => Math.floor((ms - A_SUNDAY_NOON_MS) / (7 * DAY_MS));
  return until - from - (weeks(until) - weeks(from)) * 2 * DAY_MS <= DAY_MS;
}
