import type { OrderSide, OrderType } from './enums.ts';
import { type Instant, isBefore } from './instant.ts';
import type { Quote } from './quote.ts';

/** What matching reads of a working order of the paper broker. Prices in rupees per share. */
export interface PaperTerms {
  symbol: string;
  side: OrderSide;
  order_type: OrderType;
  quantity: number;
  filled_quantity: number;
  /** The limit; of a STOP_LOSS order, 0 for one that becomes a MARKET order. */
  price: number;
  trigger_price: number | null;
  /** Whether a STOP_LOSS order reached its trigger. */
  triggered: boolean;
  /** Since when it has these terms. */
  accepted_at: Instant;
  /** The time of the last quote that it was matched with. */
  quoted_at: Instant | null;
}

/** How the market of the paper broker behaves. The same seed, terms and quotes give the same executions. */
export interface PaperMarket {
  seed: number;
  /** The most shares that one quote fills; without it, all. */
  fillSize: number | undefined;
  /** The most by which a price is worse than the quote, in basis points. */
  slippageBps: number;
  /** How long an order takes to the market, give or take half of it, in milliseconds. */
  latencyMs: number;
  /** Whether a price that equals the limit fills it; otherwise it must be better. */
  atTouch: boolean;
}

/** What a quote does to an order. */
export interface PaperMatch {
  triggered: boolean;
  fill: { quantity: number; price: number } | undefined;
}

/** Whether the prices of a quote can all be true: the last one within the range of the day, and no bid above an ask. */
export function isCoherent({ ltp, low, high, bid, ask }: Quote): boolean {
  const isWithin = (low ?? ltp) <= ltp && ltp <= (high ?? ltp);
  return ltp > 0 && isWithin && (!isOffered(bid) || !isOffered(ask) || bid <= ask);
}

/**
 * Matches a working order with a coherent, fresh quote of its symbol. A BUY meets the ask, a SELL the bid, and both the
 * last price where the book is empty. A STOP_LOSS order arms when the last price reaches its trigger. Undefined if the
 * quote says nothing: it is not newer than the order at the market, or was matched before.
 */
export function matchPaper(order: PaperTerms, quote: Quote, market: PaperMarket): PaperMatch | undefined {
  if (!isNews(order, quote, market)) return undefined;
  const triggered = order.triggered || (order.order_type === 'STOP_LOSS' && reachesTrigger(order, quote));
  const isArmed = order.order_type !== 'STOP_LOSS' || triggered;
  const price = isArmed ? priceOf(order, quote, market) : undefined;
  if (price === undefined) return { triggered, fill: undefined };
  const left = order.quantity - order.filled_quantity;
  return { triggered, fill: { quantity: Math.min(left, market.fillSize ?? left), price } };
}

function isNews(order: PaperTerms, { timestamp }: Quote, { seed, latencyMs }: PaperMarket): boolean {
  const delayMs = latencyMs * (0.5 + drawn(seed, 'latency', termsOf(order)));
  const isAtMarket = latencyMs === 0 || Date.parse(timestamp) > Date.parse(order.accepted_at) + delayMs;
  return (
    isAtMarket &&
    isBefore(order.accepted_at, timestamp) &&
    (order.quoted_at === null || isBefore(order.quoted_at, timestamp))
  );
}

function reachesTrigger({ side, trigger_price }: PaperTerms, { ltp }: Quote): boolean {
  if (trigger_price === null) return false;
  return side === 'BUY' ? ltp >= trigger_price : ltp <= trigger_price;
}

/** The price that a quote fills an order at; undefined if its limit does not let it. */
function priceOf(order: PaperTerms, quote: Quote, market: PaperMarket): number | undefined {
  const { side, price: limit } = order;
  const offer = side === 'BUY' ? quote.ask : quote.bid;
  const met = isOffered(offer) ? offer : quote.ltp;
  if (order.order_type === 'MARKET' || limit === 0) return slipped(order, met, quote, market);
  const better = side === 'BUY' ? limit - met : met - limit;
  if (better < 0 || (better === 0 && !market.atTouch)) return undefined;
  // A price that passes a limit which waits for it fills at the limit; one that was beyond it before, at that price.
  const waited = order.quoted_at !== null && order.filled_quantity === 0 && isWaiting(order);
  if (waited) return limit;
  const price = slipped(order, met, quote, market);
  return side === 'BUY' ? Math.min(price, limit) : Math.max(price, limit);
}

/** Whether the limit of an order was at the market with the quote before. */
const isWaiting = ({ order_type, triggered }: PaperTerms) => order_type === 'LIMIT' || triggered;

/** A price, worse by a part of the slippage, in whole paisa. */
function slipped(order: PaperTerms, met: number, { timestamp }: Quote, market: PaperMarket): number {
  if (market.slippageBps === 0) return met;
  const part = drawn(market.seed, 'slippage', `${termsOf(order)} ${order.filled_quantity} ${timestamp}`);
  const worse = (market.slippageBps / BASIS_POINTS) * part;
  // What is a whole paisa but for the last bits of a double stays one.
  return order.side === 'BUY'
    ? Math.ceil(met * (1 + worse) * PAISA - BITS) / PAISA
    : Math.max(1, Math.floor(met * (1 - worse) * PAISA + BITS)) / PAISA;
}

const BASIS_POINTS = 10_000;
const PAISA = 100;
const BITS = 1e-6;

/** Feeds write 0 for a side of the book that is empty. */
const isOffered = (price: number | undefined): price is number => price !== undefined && price > 0;

/** Not the ids of an order, which differ from run to run. */
const termsOf = ({ symbol, side, order_type, quantity, price, trigger_price }: PaperTerms) =>
  [symbol, side, order_type, quantity, price, trigger_price ?? ''].join(' ');

/** A number from 0 up to, not including, 1 that only depends on a seed and a text. */
function drawn(seed: number, what: string, of: string): number {
  let hash = 0x811c9dc5;
  for (const letter of `${seed} ${what} ${of}`) {
    hash ^= letter.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 0x01000193);
  }
  // Spreads the last letters over all bits.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
