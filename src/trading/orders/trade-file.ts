import { ORDER_SIDES, type OrderSide } from '../../domain/enums.ts';
import {
  ID,
  PRICE,
  type Rule,
  SHARES,
  SYMBOL,
  type TimeReading,
  takeFrom,
  time,
  word,
} from '../../domain/file-values.ts';
import type { StrategyId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Values } from '../../platform/files/open-table.ts';

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

export const TRADE_COLUMNS = {
  required: ['trade_id', 'symbol', 'side', 'quantity', 'price', 'executed_at'],
  optional: ['strategy_id'],
} as const;

const TRADE_ID: Rule<string> = {
  must: 'must be 1 to 100 plain characters',
  read: (text) => (/^[\x21-\x7e]{1,100}$/.test(text) ? text : undefined),
};
const SIDE = word(ORDER_SIDES);
const STRATEGY: Rule<StrategyId | null> = {
  must: ID.must,
  read: (text) => (text === '' ? null : (ID.read(text) as StrategyId | undefined)),
};

/** Returns a parser of rows to trades, or to the reason why a row is invalid. No trade may be later than `now`. */
export function tradeReader(
  now: Instant,
  times: TimeReading,
  sides: Rule<OrderSide> = SIDE,
): (row: Values) => Trade | { reason: string } {
  const TIME = time(times);
  return (row) => {
    const from = takeFrom(row);
    const trade: Trade = {
      trade_id: from.value('trade_id', TRADE_ID),
      symbol: from.value('symbol', SYMBOL),
      side: from.value('side', sides),
      quantity: from.value('quantity', SHARES),
      price: from.value('price', PRICE),
      executed_at: from.value('executed_at', TIME),
      strategy_id: from.value('strategy_id', STRATEGY),
    };
    if (from.reason !== undefined) return { reason: from.reason };
    return isBefore(now, trade.executed_at)
      ? { reason: `executed_at is in the future: ${row['executed_at']}` }
      : trade;
  };
}

/** Describes the first difference between two trades with the same id; undefined if they are equal. */
export function difference(given: Trade, other: Trade): string | undefined {
  for (const column of ['symbol', 'side', 'quantity', 'price', 'executed_at', 'strategy_id'] as const) {
    if (given[column] !== other[column])
      return `${column} ${other[column] ?? 'none'}, not ${given[column] ?? 'none'}`;
  }
  return undefined;
}
