import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { isBefore } from '../../domain/instant.ts';
import { addMoney, NO_RUPEES, type Rupees } from '../../domain/money.ts';
import type { BadLine } from '../../platform/files/rejects-file.ts';
import { bookFills } from '../ledger/book-fills.ts';
import type { NewOrder } from '../ledger/insert-orders.ts';
import { openAdmission } from '../risk/import-admission.ts';
import type { TradingDay } from '../trading-day.ts';
import { difference, type NumberedTrade, type Trade } from './trade-file.ts';

interface Booked {
  imported: number;
  history: number;
  known: number;
  /** Rupees credited to the user's capital. */
  realized: Rupees;
  bad: BadLine[];
}

/**
 * Books a batch of executed trades of one user: each becomes a MARKET order and the fill that completes it, dated at
 * its execution. Trades that are already booked are counted as known; a line with a known trade_id but other data, or
 * with an unknown strategy, is rejected. So is a trade of the current trading day whose order could not be placed;
 * earlier ones are history.
 */
export async function bookTrades(
  trx: Trx,
  userId: UserId,
  batch: readonly NumberedTrade[],
  clock: TradingDay,
): Promise<Booked> {
  const { fresh, known, bad } = await sort(trx, userId, batch);
  const { needsCheck, refusal } = await openAdmission(trx, [userId], clock);
  const isHistory = ({ executed_at }: Trade) => isBefore(executed_at, clock.dayStart);
  let realized = NO_RUPEES;
  let pending: Placing[] = [];
  let imported = 0;
  const book = async () => {
    realized = addMoney(realized, await bookAll(trx, pending));
    imported += pending.length;
    pending = [];
  };
  for (const { line, trade } of fresh) {
    const order = asOrder(userId, trade);
    if (!isHistory(trade) && needsCheck(order)) {
      // What was booked so far counts for this one.
      await book();
      const reason = await refusal(order, trade.price);
      if (reason !== undefined) {
        bad.push({ line, reason });
        continue;
      }
    }
    pending.push({ ...order, trade_id: trade.trade_id });
  }
  await book();
  const history = fresh.filter(({ trade }) => isHistory(trade)).length;
  return { imported, history, known, realized, bad };
}

type Placing = NewOrder & { trade_id: string };

const asOrder = (userId: UserId, { executed_at, ...trade }: Trade) => ({
  ...trade,
  order_id: mintId('ord', new Date(executed_at)),
  user_id: userId,
  order_type: 'MARKET' as const,
  created_at: executed_at,
});

/** Books the trades behind these orders at once; returns what they credit to the capital, in rupees. */
async function bookAll(trx: Trx, orders: readonly Placing[]): Promise<Rupees> {
  if (orders.length === 0) return NO_RUPEES;
  const fills = orders.map(({ order_id, trade_id, quantity, price, created_at }) => ({
    order_id,
    broker_fill_id: trade_id,
    quantity,
    price,
    executed_at: created_at,
    booked_at: created_at,
  }));
  const { capital } = await bookFills(trx, fills, { placing: orders });
  return capital.reduce((sum, credit) => addMoney(sum, credit.realized), NO_RUPEES);
}

/** Separates new trades from known ones and from rejected lines. */
async function sort(trx: Trx, userId: UserId, batch: readonly NumberedTrade[]) {
  const booked = await findBooked(trx, userId, batch);
  const strategies = await findStrategies(trx, batch);
  const fresh: NumberedTrade[] = [];
  const bad: BadLine[] = [];
  for (const { line, trade } of batch) {
    const before = booked.get(trade.trade_id);
    const other = before && difference(trade, before);
    if (other) bad.push({ line, reason: `trade ${trade.trade_id} is in the book with ${other}` });
    else if (trade.strategy_id !== null && !strategies.has(trade.strategy_id))
      bad.push({ line, reason: `there is no strategy ${trade.strategy_id}` });
    else if (!before) {
      fresh.push({ line, trade });
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
