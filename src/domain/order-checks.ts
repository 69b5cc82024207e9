import type { OrderSide, OrderType } from './enums.ts';
import type { Instant } from './instant.ts';
import { isOnTick, ticksAround } from './price-steps.ts';
import { exchangeTime, type MarketDay, sessionAt, spanOf } from './trading-calendar.ts';

/** What is known of an order's instrument and day: null or false where no file was imported. */
export interface MarketFacts {
  exchange: string;
  instrument: {
    trading_symbol: string;
    lot: number | null;
    /** Rupees. */
    tick: number | null;
    freeze_quantity: number | null;
    /** YYYY-MM-DD. */
    expiry: string | null;
  } | null;
  /** Whether days of the exchange were imported for this year. */
  has_calendar: boolean;
  day: MarketDay | null;
  /** Whether the master has futures on it; null where there is no master of the exchange. */
  has_derivatives: boolean | null;
}

/** What an order asks for. Prices in rupees per share; that of a MARKET order is a reference. */
export interface CheckedTerms {
  order_type: OrderType;
  quantity: number;
  price: number;
  trigger_price: number | null;
}

/**
 * Why the exchange would not take an order now, for people: a price off the tick, a quantity that is no multiple of the lot
 * or above the freeze quantity, an expiry that is past, an exchange that is closed. Empty where nothing is known.
 */
export function exchangeProblems(facts: MarketFacts, terms: CheckedTerms, at: Instant): string[] {
  return [...instrumentProblems(facts, terms, at), ...closedProblem(facts, at)];
}

/** The same without the hours of the exchange. */
export function instrumentProblems(
  { instrument }: Pick<MarketFacts, 'instrument'>,
  terms: CheckedTerms,
  at: Instant,
): string[] {
  if (instrument === null) return [];
  const { trading_symbol, lot, tick, freeze_quantity, expiry } = instrument;
  const { order_type, quantity, price, trigger_price } = terms;
  const limits = [order_type === 'MARKET' ? null : price, trigger_price].filter((each) => each !== null);
  const off = tick === null ? [] : limits.filter((each) => each > 0 && !isOnTick(each, tick));
  const problems = off.map((each) => {
    const [below, above] = ticksAround(each, tick as number);
    return `${trading_symbol} trades in steps of ${tick} rupees: ${below} or ${above}, not ${each}.`;
  });
  if (lot !== null && quantity % lot !== 0)
    problems.push(`${trading_symbol} trades in lots of ${lot}: ${quantity} is no multiple of it.`);
  if (freeze_quantity !== null && quantity > freeze_quantity)
    problems.push(
      `${trading_symbol} takes at most ${freeze_quantity} in one order, not ${quantity}: split it.`,
    );
  if (expiry !== null && expiry < exchangeTime(at).day)
    problems.push(`${trading_symbol} expired on ${expiry}.`);
  return problems;
}

function closedProblem({ exchange, has_calendar, day, has_derivatives }: MarketFacts, at: Instant): string[] {
  if (!has_calendar) return [];
  const session = sessionAt(exchange, at, day ?? undefined, has_derivatives ?? undefined);
  if (session.state !== 'closed') return [];
  const hours = spanOf(session);
  return [`${exchange} is closed: ${session.reason}${hours === '' ? '' : ` (${hours} today)`}.`];
}

/**
 * What is wrong with the trigger of an order; undefined for none. With a trigger, the price of a STOP_LOSS order is its
 * limit, which lies behind the trigger: a limit before it would never be reached.
 */
export function triggerProblem(order: {
  order_type: OrderType;
  side: OrderSide;
  price: number;
  trigger_price: number | null;
}): string | undefined {
  const { order_type, side, price, trigger_price } = order;
  if (trigger_price === null) return undefined;
  if (order_type !== 'STOP_LOSS') return 'Only a STOP_LOSS order has a trigger.';
  if (side === 'BUY' && trigger_price > price)
    return `The trigger of a BUY is at most its limit: ${trigger_price} is above ${price}.`;
  if (side === 'SELL' && trigger_price < price)
    return `The trigger of a SELL is at least its limit: ${trigger_price} is below ${price}.`;
  return undefined;
}
