import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { addMoney, NO_RUPEES, type Rupees } from '../../domain/money.ts';
import type { BadLine } from '../../platform/files/rejects-file.ts';
import { bookFills } from '../ledger/book-fills.ts';
import { difference, type NumberedTrade, type Trade } from './trade-file.ts';

interface Booked {
  imported: number;
  known: number;
  /** Rupees credited to the user's capital. */
  realized: Rupees;
  bad: BadLine[];
}

/**
 * Books a batch of executed trades of one user: each becomes a MARKET order and the fill that completes it, dated at
 * its execution. Trades that are already booked are counted as known; a line with a known trade_id but other data, or
 * with an unknown strategy, is rejected.
 */
export async function bookTrades(trx: Trx, userId: UserId, batch: readonly NumberedTrade[]): Promise<Booked> {
  const { fresh, known, bad } = await sort(trx, userId, batch);
  if (fresh.length === 0) return { imported: 0, known, realized: NO_RUPEES, bad };
  const orders = fresh.map((trade) => ({
    ...trade,
    order_id: mintId('ord', new Date(trade.executed_at)),
    user_id: userId,
    order_type: 'MARKET' as const,
    created_at: trade.executed_at,
  }));
  const fills = orders.map(({ order_id, trade_id, quantity, price, executed_at }) => ({
    order_id,
    broker_fill_id: trade_id,
    quantity,
    price,
    executed_at,
    booked_at: executed_at,
  }));
  const { capital } = await bookFills(trx, fills, { placing: orders });
  const realized = capital.reduce((sum, credit) => addMoney(sum, credit.realized), NO_RUPEES);
  return { imported: fresh.length, known, realized, bad };
}

/** Separates new trades from known ones and from rejected lines. */
async function sort(trx: Trx, userId: UserId, batch: readonly NumberedTrade[]) {
  const booked = await findBooked(trx, userId, batch);
  const strategies = await findStrategies(trx, batch);
  const fresh: Trade[] = [];
  const bad: BadLine[] = [];
  for (const { line, trade } of batch) {
    const before = booked.get(trade.trade_id);
    const other = before && difference(trade, before);
    if (other) bad.push({ line, reason: `trade ${trade.trade_id} is in the book with ${other}` });
    else if (trade.strategy_id !== null && !strategies.has(trade.strategy_id))
      bad.push({ line, reason: `there is no strategy ${trade.strategy_id}` });
    else if (!before) {
      fresh.push(trade);
      booked.set(trade.trade_id, trade);
    }
  }
  return { fresh, bad, known: batch.length - fresh.length - bad.length };
}

async function findBooked(
  trx: Trx,
  userId: UserId,
  batch: readonly NumberedTrade[],
): Promise<Map<string, Trade>> {
  const ids = batch.map(({ trade }) => trade.trade_id);
  const { rows } = await sql<Trade>`
    SELECT f.broker_fill_id AS trade_id, o.symbol, o.side, f.quantity, f.price, f.executed_at, o.strategy_id
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id
    WHERE f.broker_fill_id = ANY(${ids}) AND o.user_id = ${userId}`.execute(trx.db);
  return new Map(rows.map((row) => [row.trade_id, row]));
}

async function findStrategies(trx: Trx, batch: readonly NumberedTrade[]): Promise<Set<string>> {
  const ids = [...new Set(batch.flatMap(({ trade }) => trade.strategy_id ?? []))];
  if (ids.length === 0) return new Set();
  const rows = await trx.db
    .selectFrom('strategies')
    .select('strategy_id')
    .where('strategy_id', 'in', ids)
    .execute();
  return new Set(rows.map((row) => row.strategy_id));
}
