import type { OrderSide } from '../../domain/enums.ts';
import { type StrategyId, strategyId } from '../../domain/id.ts';
import { type Instant, instant, isBefore, writtenInstant } from '../../domain/instant.ts';
import { PRICE_RULE, readPrice, readShares } from '../../domain/money.ts';
import { readSymbol, type TradingSymbol } from '../../domain/symbol.ts';
import { plainUpperCase } from '../../util/text.ts';

/** An execution from a file of trades; price in rupees per share, time in UTC. */
export interface Trade {
  trade_id: string;
  symbol: TradingSymbol;
  side: OrderSide;
  quantity: number;
  price: number;
  executed_at: Instant;
  strategy_id: StrategyId | null;
}

/** A trade and its line number. */
export interface NumberedTrade {
  line: number;
  trade: Trade;
}

export const TRADE_COLUMNS = {
  required: ['trade_id', 'symbol', 'side', 'quantity', 'price', 'executed_at'],
  optional: ['strategy_id'],
} as const;

/** Parses one row of text to a trade, or to the reason why it is invalid. Local times are in the trading time zone. */
export function parseTrade(
  row: Readonly<Record<string, string>>,
  now: Date,
  timeZone: string,
): Trade | { reason: string } {
  const {
    trade_id = '',
    symbol = '',
    side = '',
    quantity = '',
    price = '',
    executed_at = '',
    strategy_id = '',
  } = row;
  if (!/^[\x21-\x7e]{1,100}$/.test(trade_id)) return { reason: 'trade_id must be 1 to 100 plain characters' };
  const known = readSymbol(symbol);
  if (known === undefined) return { reason: 'symbol must be at most 50 letters, digits and & . _ -' };
  const way = plainUpperCase(side);
  if (way !== 'BUY' && way !== 'SELL') return { reason: 'side must be BUY or SELL' };
  const shares = readShares(quantity);
  if (shares === undefined) return { reason: 'quantity must be a whole number of shares, 1 or more' };
  const rupees = readPrice(price);
  if (rupees === undefined) return { reason: `price ${PRICE_RULE}` };
  const strategy = strategy_id === '' ? null : strategyId.safeParse(strategy_id).data;
  if (strategy === undefined) return { reason: 'strategy_id is not an id' };
  const at = writtenInstant(executed_at, timeZone);
  if (at === undefined) return { reason: 'executed_at must be a time such as 2026-01-31T09:15:00+05:30' };
  if (isBefore(instant(now), at)) return { reason: 'executed_at is in the future' };
  return {
    trade_id,
    symbol: known,
    side: way,
    quantity: shares,
    price: rupees,
    executed_at: at,
    strategy_id: strategy,
  };
}

/** Describes the first difference between two trades with the same id; undefined if they are equal. */
export function difference(given: Trade, booked: Trade): string | undefined {
  for (const column of ['symbol', 'side', 'quantity', 'price', 'executed_at', 'strategy_id'] as const) {
    if (given[column] !== booked[column])
      return `${column} ${booked[column] ?? 'none'}, not ${given[column] ?? 'none'}`;
  }
  return undefined;
}
