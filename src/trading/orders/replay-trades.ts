import { firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { ChainKey } from '../../domain/book.ts';
import type { PositionId, UserId } from '../../domain/id.ts';
import { addMoney } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Numbered } from '../../platform/files/open-table.ts';
import { CORRECTIONS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { readChain } from '../ledger/chain-store.ts';
import { keepInvariants } from '../ledger/keep-invariants.ts';
import { rebuildChain } from '../ledger/rebuild-chain.ts';
import type { TradingDay } from '../trading-day.ts';
import { type Booked, bookTrades } from './book-trades.ts';
import type { Trade } from './trade-file.ts';
import { chainsOf, findOlder, refuseOlder } from './trade-order.ts';

/** What trades older than what was booked made necessary. */
export interface Replayed {
  /** How many were older. */
  trades: number;
  symbols: TradingSymbol[];
  /** How many positions changed, and the first thousand of them. */
  rebuilt: number;
  positions: PositionId[];
}

/**
 * Books trades that are in the order of time. Throws TRADES_OLDER if one is older than what is booked of its symbol and
 * strategy; with `replay` the positions of that symbol and strategy are rebuilt by time instead, which may throw
 * LEDGER_INCONSISTENT.
 */
export async function bookByTime(
  trx: Trx,
  userId: UserId,
  trades: readonly Numbered<Trade>[],
  { replay, clock, tell }: { replay: boolean; clock: TradingDay; tell: (booked: number) => void },
): Promise<Booked & { replayed?: Replayed }> {
  const older = await findOlder(trx, userId, trades);
  if (!replay) refuseOlder(older);
  const chains = chainsOf(userId, older.trades);
  if (chains.length === 0) return bookTrades(trx, userId, trades, clock, tell);
  needStep(trx, CORRECTIONS_SINCE_STEP);
  return keepInvariants(trx, userId, async () => {
    let { realized, ...booked } = await bookTrades(trx, userId, trades, clock, tell);
    const positions: PositionId[] = [];
    for (const chain of chains) {
      const rebuilt = await replayByTime(trx, chain, clock);
      realized = addMoney(realized, rebuilt.credited);
      positions.push(...rebuilt.positions.map(({ position_id }) => position_id));
    }
    const symbols = [...new Set(chains.map(({ symbol }) => symbol))];
    const replayed = { trades: older.trades.length, symbols, rebuilt: positions.length };
    return { ...booked, realized, replayed: { ...replayed, positions: firstListed(positions) } };
  });
}

/** Rebuilds positions from their executions by time; those of one time stay in the order of booking. */
async function replayByTime(trx: Trx, chain: ChainKey, clock: TradingDay) {
  const before = await readChain(trx, chain);
  const after = before.toSorted((a, b) =>
    a.executed_at === b.executed_at ? a.seq - b.seq : a.executed_at < b.executed_at ? -1 : 1,
  );
  return rebuildChain(trx, chain, { before, after }, 0, clock);
}
