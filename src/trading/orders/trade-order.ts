import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { Numbered } from '../../platform/files/open-table.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
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

/**
 * Throws TRADES_OLDER if any of these trades was executed before a booked one of its user, symbol and strategy: what a
 * position realizes depends on the order of its fills.
 */
export async function refuseOlder(
  trx: Trx,
  userId: UserId,
  trades: readonly Numbered<Trade>[],
): Promise<void> {
  const symbols = [...new Set(trades.map(({ value }) => value.symbol))];
  const { rows } = await sql<{ symbol: string; strategy_id: string | null; latest: Instant }>`
    SELECT o.symbol, o.strategy_id, max(f.executed_at) AS latest
    FROM orders o JOIN order_fills f ON f.order_id = o.order_id
    WHERE o.user_id = ${userId} AND o.symbol = ANY(${symbols}) GROUP BY o.symbol, o.strategy_id`.execute(
    trx.db,
  );
  const latest = new Map(rows.map((row) => [keyOf(row), row.latest]));
  const older = trades.filter(({ value }) => {
    const booked = latest.get(keyOf(value));
    return booked !== undefined && isBefore(value.executed_at, booked);
  });
  const [first] = older;
  if (!first) return;
  const { symbol, executed_at } = first.value;
  throw refused(
    'TRADES_OLDER',
    `${pluralize(older.length, 'trade')} of the file ${older.length === 1 ? 'is' : 'are'} older than what is booked: line ${first.line} is of ${executed_at}, and ${symbol} is booked up to ${latest.get(keyOf(first.value))}.`,
    'Nothing was imported: what a position realizes depends on the order of its trades. Import the oldest files first.',
  );
}

const keyOf = ({ symbol, strategy_id }: { symbol: string; strategy_id: string | null }) =>
  `${symbol}\n${strategy_id ?? ''}`;
