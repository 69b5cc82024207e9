import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { ChainKey } from '../../domain/book.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { Numbered } from '../../platform/files/open-table.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { productOf } from '../ledger/product.ts';
import type { Trade } from './trade-file.ts';

/**
 * Trades by time of execution; trades of one time keep the order of the file, or its reverse if the newest trade comes
 * first in the file.
 */
export function inOrderOfTime(trades: readonly Numbered<Trade>[]): {
  trades: Numbered<Trade>[];
  newestFirst: boolean;
} {
  const steps = trades.slice(1).map(({ value }, i) => {
    const before = trades[i] as Numbered<Trade>;
    return (
      Number(value.executed_at > before.value.executed_at) -
      Number(value.executed_at < before.value.executed_at)
    );
  });
  const newestFirst = steps.reduce((sum, step) => sum + step, 0) < 0;
  const given = newestFirst ? [...trades].reverse() : [...trades];
  return { trades: given.sort((a, b) => compare(a.value.executed_at, b.value.executed_at)), newestFirst };
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

interface Older {
  /** The trades that were executed before a booked one of their user, symbol and strategy; a file of trades names no product. */
  trades: Numbered<Trade>[];
  /** When the latest booked trade of the same symbol and strategy was executed. */
  latestOf: (trade: Trade) => Instant | undefined;
}

/** The trades that are older than what is booked: what a position realizes depends on the order of its fills. */
export async function findOlder(
  trx: Trx,
  userId: UserId,
  trades: readonly Numbered<Trade>[],
): Promise<Older> {
  const symbols = [...new Set(trades.map(({ value }) => value.symbol))];
  const { rows } = await sql<{ symbol: string; strategy_id: string | null; latest: Instant }>`
    SELECT o.symbol, o.strategy_id, max(f.executed_at) AS latest
    FROM orders o JOIN order_fills f ON f.order_id = o.order_id
    WHERE o.user_id = ${userId} AND o.symbol = ANY(${symbols}) AND ${productOf(trx, 'o')} IS NULL
    GROUP BY o.symbol, o.strategy_id`.execute(trx.db);
  const latest = new Map(rows.map((row) => [keyOf(row), row.latest]));
  const latestOf = (trade: Trade) => latest.get(keyOf(trade));
  const isOlder = ({ value }: Numbered<Trade>) => {
    const booked = latestOf(value);
    return booked !== undefined && isBefore(value.executed_at, booked);
  };
  return { trades: trades.filter(isOlder), latestOf };
}

/** Throws TRADES_OLDER if there are any. */
export function refuseOlder({ trades, latestOf }: Older): void {
  const [first] = trades;
  if (!first) return;
  const { symbol, executed_at } = first.value;
  throw refused(
    'TRADES_OLDER',
    `${pluralize(trades.length, 'trade')} of the file ${trades.length === 1 ? 'is' : 'are'} older than what is booked: line ${first.line} is of ${executed_at}, and ${symbol} is booked up to ${latestOf(first.value)}.`,
    'Nothing was imported: what a position realizes depends on the order of its trades. Import the oldest files first, or rebuild the positions by time with --replay.',
  );
}

/** The symbols and strategies of trades, each once. */
export const chainsOf = (userId: UserId, trades: readonly Numbered<Trade>[]): ChainKey[] => [
  ...new Map(
    trades.map(({ value }) => [
      keyOf(value),
      { user_id: userId, symbol: value.symbol, strategy_id: value.strategy_id, product: null },
    ]),
  ).values(),
];

const keyOf = ({ symbol, strategy_id }: { symbol: string; strategy_id: string | null }) =>
  `${symbol}\n${strategy_id ?? ''}`;
