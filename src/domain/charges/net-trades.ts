import type { OrderSide, Product } from '../enums.ts';
import { Decimal } from '../money.ts';
import type { Conventions, Segment } from './schedule.ts';
import { type Market, segmentOf } from './segment.ts';

/** What one order executed on one day. */
export interface Trade extends Market {
  order_id: string;
  symbol: string;
  product: Product;
  side: OrderSide;
  /** Shares or units. */
  quantity: number;
  /** Rupees: the sum of quantity times price over its fills. */
  value: Decimal;
  /** Of a series that is delivered trade for trade: nothing is netted. */
  is_gross?: boolean;
}

/** What was bought or sold: its value, and the value that STT is charged on, in rupees. */
interface Leg {
  quantity: number;
  value: Decimal;
  taxable: Decimal;
}

/** What of a symbol was traded on a day and is charged as one segment. */
export interface Part extends Record<OrderSide, Leg> {
  symbol: string;
  segment: Segment;
}

const NOTHING = { quantity: 0, value: new Decimal(0), taxable: new Decimal(0) };

/**
 * What the trades of one trader, exchange and day are charged as. Shares are netted by symbol, whatever the product: what
 * was both bought and sold is intraday, the rest is delivered. Derivatives are not netted.
 */
export function netTrades(trades: readonly Trade[], { sttPrice }: Pick<Conventions, 'sttPrice'>): Part[] {
  const bySymbol = new Map<string, Trade[]>();
  for (const trade of trades) {
    const those = bySymbol.get(trade.symbol);
    if (those) those.push(trade);
    else bySymbol.set(trade.symbol, [trade]);
  }
  const symbols = [...bySymbol.keys()].sort();
  return symbols.flatMap((symbol) => partsOf(symbol, bySymbol.get(symbol) as Trade[], sttPrice));
}

/** The parts of trades that are charged as a segment, without netting. */
export function partOf(symbol: string, segment: Segment, trades: readonly Trade[]): Part {
  return { symbol, segment, BUY: legOf(trades, 'BUY'), SELL: legOf(trades, 'SELL') };
}

function partsOf(symbol: string, trades: Trade[], sttPrice: Conventions['sttPrice']): Part[] {
  const [first] = trades as [Trade];
  if (first.kind !== 'shares') return [partOf(symbol, segmentOf(first, first.product), trades)];
  if (first.is_gross) return [partOf(symbol, 'delivery', trades)];
  const [buys, sells] = [legOf(trades, 'BUY'), legOf(trades, 'SELL')];
  const squared = Math.min(buys.quantity, sells.quantity);
  const average =
    sttPrice === 'average'
      ? averagePrice(buys.value.plus(sells.value), buys.quantity + sells.quantity)
      : undefined;
  const split = (segment: Segment, of: (leg: Leg) => number): Part => ({
    symbol,
    segment,
    BUY: shareOf(buys, of(buys), average),
    SELL: shareOf(sells, of(sells), average),
  });
  const parts = [split('intraday', () => squared), split('delivery', ({ quantity }) => quantity - squared)];
  return parts.filter(({ BUY, SELL }) => BUY.quantity + SELL.quantity > 0);
}

function legOf(trades: readonly Trade[], side: OrderSide): Leg {
  let quantity = 0;
  let value = NOTHING.value;
  for (const trade of trades) {
    if (trade.side !== side) continue;
    quantity += trade.quantity;
    value = value.plus(trade.value);
  }
  return { quantity, value, taxable: value };
}

/** Rule 3 of the Securities Transaction Tax Rules, 2004: rounded to the paisa. */
const averagePrice = (value: Decimal, quantity: number): Decimal => value.div(quantity).round(2);

function shareOf(leg: Leg, quantity: number, average: Decimal | undefined): Leg {
  if (quantity === 0) return NOTHING;
  const value = quantity === leg.quantity ? leg.value : leg.value.times(quantity).div(leg.quantity);
  return { quantity, value, taxable: average?.times(quantity) ?? value };
}
