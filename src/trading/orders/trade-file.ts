import type { OrderSide } from '../../domain/enums.ts';
import { type StrategyId, strategyId } from '../../domain/id.ts';
import { type Instant, instant, isBefore, writtenInstant } from '../../domain/instant.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { plainUpperCase } from '../../util/text.ts';

/** An execution from a file of trades; price in rupees per share, time in UTC. */
export interface Trade {
  trade_id: string;
  symbol: string;
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

const SYMBOLS = new Map<string, string>();

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
  const known = symbolOf(symbol);
  if (known === undefined) return { reason: 'symbol must be at most 20 letters, digits and & . _ -' };
  const way = plainUpperCase(side);
  if (way !== 'BUY' && way !== 'SELL') return { reason: 'side must be BUY or SELL' };
  const shares = /^\d{1,10}$/.test(quantity) ? Number(quantity) : 0;
  if (shares < 1 || shares > 2_147_483_647)
    return { reason: 'quantity must be a whole number of shares, 1 or more' };
  const rupees = /^\d{1,12}(\.\d{1,10})?$/.test(price) ? Number(price) : 0;
  if (rupees <= 0 || rupees > 1e9) return { reason: 'price must be a positive number of rupees' };
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

/** Cached, as a file repeats few symbols many times. */
function symbolOf(text: string): string | undefined {
  const known = SYMBOLS.get(text);
  if (known !== undefined) return known;
  const result = tradingSymbol.safeParse(text);
  if (!result.success) return undefined;
  if (SYMBOLS.size < 10_000) SYMBOLS.set(text, result.data);
  return result.data;
}

/** Describes the first difference between two trades with the same id; undefined if they are equal. */
export function difference(given: Trade, booked: Trade): string | undefined {
  for (const column of ['symbol', 'side', 'quantity', 'price', 'executed_at', 'strategy_id'] as const) {
    if (given[column] !== booked[column])
      return `${column} ${booked[column] ?? 'none'}, not ${given[column] ?? 'none'}`;
  }
  return undefined;
}
