import type { BrokerHolding, BrokerPosition, BrokerTrade } from './broker.ts';
import type { Product } from './enums.ts';
import { type Instant, isBefore } from './instant.ts';
import { applyWithin, type Position } from './position.ts';
import type { TradingSymbol } from './symbol.ts';

type Trade = Pick<
  BrokerTrade,
  'symbol' | 'exchange' | 'product' | 'side' | 'quantity' | 'price' | 'executed_at'
>;

/** What an account has come to hold of an instrument in a product. */
interface Net {
  symbol: TradingSymbol;
  exchange: string;
  product: Product | null;
  /** Signed shares. */
  quantity: number;
  average_price: number;
}

/**
 * The positions and holdings that executions, oldest first, come to: shares that were bought for delivery before today are
 * holdings, everything else is a position. Nothing is listed that comes to no shares.
 */
export function accountOf(
  trades: readonly Trade[],
  dayStart: Instant,
): { positions: BrokerPosition[]; holdings: BrokerHolding[] } {
  const isDelivered = ({ product, executed_at }: Trade) =>
    product === 'CNC' && isBefore(executed_at, dayStart);
  return {
    positions: netOf(trades.filter((trade) => !isDelivered(trade))),
    holdings: netOf(trades.filter(isDelivered)).map(({ product, ...held }) => ({
      ...held,
      isin: '',
      pledged: 0,
    })),
  };
}

function netOf(trades: readonly Trade[]): Net[] {
  const net = new Map<string, { of: Trade; position: Position | null }>();
  for (const trade of trades) {
    const key = `${trade.symbol}\n${trade.exchange}\n${trade.product ?? ''}`;
    const before = net.get(key)?.position ?? null;
    net.set(key, { of: trade, position: applyWithin(before, trade) });
  }
  return [...net.values()].flatMap(({ of: { symbol, exchange, product }, position }) => {
    if (position?.status !== 'OPEN') return [];
    const { side, quantity, average_price } = position;
    return [{ symbol, exchange, product, quantity: side === 'LONG' ? quantity : -quantity, average_price }];
  });
}
