import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Fill } from '../../domain/book.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { isBefore } from '../../domain/instant.ts';
import { addMoney, NO_RUPEES, type Rupees } from '../../domain/money.ts';
import type { Numbered } from '../../platform/files/open-table.ts';
import type { BadLine } from '../../platform/files/rejects-file.ts';
import { CORRECTIONS_SINCE_STEP, hasStep } from '../../platform/postgres/schema-phase.ts';
import { fillOfAll, openHistory } from '../ledger/book-fills.ts';
import type { NewOrder } from '../ledger/insert-orders.ts';
import { openAdmission } from '../risk/import-admission.ts';
import type { Renaming } from '../symbols/renaming.ts';
import type { TradingDay } from '../trading-day.ts';
import { difference, type Trade } from './trade-file.ts';
import { chainsOf } from './trade-order.ts';

const BATCH_ROWS = 1_000;

export interface Booked {
  imported: number;
  /** Those of earlier trading days. */
  history: number;
  /** Rupees credited to the user's capital. */
  realized: Rupees;
  bad: BadLine[];
}

/**
 * Books executed trades of one user in this order: each becomes a MARKET order and the fill that completes it, dated at
 * its execution. A trade of the current trading day whose order could not be placed is rejected; earlier ones are history.
 */
export async function bookTrades(
  trx: Trx,
  userId: UserId,
  trades: readonly Numbered<Trade>[],
  clock: TradingDay,
  tell: (booked: number) => void,
): Promise<Booked> {
  const { needsCheck, refusal } = await openAdmission(trx, [userId], clock);
  const ledger = await openHistory(trx, chainsOf(userId, trades));
  let realized = NO_RUPEES;
  let pending: Placing[] = [];
  let imported = 0;
  const bad: BadLine[] = [];
  const book = async () => {
    if (pending.length === 0) return;
    const batch = pending;
    pending = [];
    const { capital } = await ledger.book(
      batch.map(({ order }) => order),
      batch.map(({ fill }) => fill),
    );
    for (const credit of capital) realized = addMoney(realized, credit.realized);
    imported += batch.length;
    tell(imported);
  };
  let history = 0;
  for (const { line, value: trade } of trades) {
    const placing = asPlacing(userId, trade);
    const isHistory = isBefore(trade.executed_at, clock.dayStart);
    if (isHistory) history++;
    else if (needsCheck(placing.order)) {
      // What was booked so far counts for this one.
      await book();
      await ledger.written();
      const reason = await refusal(placing.order, trade.price);
      if (reason !== undefined) {
        bad.push({ line, reason });
        continue;
      }
    }
    pending.push(placing);
    if (pending.length === BATCH_ROWS) await book();
  }
  await book();
  await ledger.written();
  return { imported, history, realized, bad };
}

/** An order and the fill that completes it. */
interface Placing {
  order: NewOrder;
  fill: Fill;
}

function asPlacing(user_id: UserId, trade: Trade): Placing {
  const { symbol, side, quantity, price, executed_at, strategy_id } = trade;
  const order: NewOrder = {
    order_id: mintId('ord', new Date(executed_at)),
    user_id,
    strategy_id,
    symbol,
    side,
    order_type: 'MARKET',
    quantity,
    price,
    created_at: executed_at,
  };
  return { order, fill: fillOfAll(order, trade.trade_id) };
}

interface SortedOut {
  fresh: Numbered<Trade>[];
  /** How many are booked already. */
  known: number;
  /** Lines that are equal to an earlier one. */
  repeats: { line: number; of: number }[];
  refused: BadLine[];
}

/**
 * Separates new trades from known ones and from lines that are refused: with the id of a booked trade or of another line
 * but other data, or with an unknown strategy. A trade may be booked under an old name of its symbol.
 */
export async function sortOut(
  trx: Trx,
  userId: UserId,
  trades: readonly Numbered<Trade>[],
  { meaningOf }: Pick<Renaming, 'meaningOf'>,
): Promise<SortedOut> {
  const booked = await findBooked(trx, userId, trades);
  const strategies = await findStrategies(trx, trades);
  const lines = new Map<string, Numbered<Trade>>();
  const sorted: SortedOut = { fresh: [], known: 0, repeats: [], refused: [] };
  for (const numbered of trades) {
    const { line, value: trade } = numbered;
    const before = booked.get(trade.trade_id);
    const twin = lines.get(trade.trade_id);
    const refuse = (reason: string) => void sorted.refused.push({ line, reason });
    if (before) {
      const differences = before.map((each) =>
        difference(trade, { ...each, symbol: meaningOf(each.symbol) }),
      );
      if (!differences.includes(undefined))
        refuse(`trade ${trade.trade_id} is in the book with ${differences[0]}`);
      else sorted.known++;
    } else if (twin) {
      const other = difference(trade, twin.value);
      if (other) refuse(`trade ${trade.trade_id} is also in line ${twin.line}, with ${other}`);
      else sorted.repeats.push({ line, of: twin.line });
    } else if (trade.strategy_id !== null && !strategies.has(trade.strategy_id))
      refuse(`there is no strategy ${trade.strategy_id}`);
    else {
      lines.set(trade.trade_id, numbered);
      sorted.fresh.push(numbered);
    }
  }
  return sorted;
}

/** Booked trades by their ids, each as it counts and as it was before it was corrected or taken back. */
async function findBooked(
  trx: Trx,
  userId: UserId,
  batch: readonly Numbered<Trade>[],
): Promise<Map<string, Trade[]>> {
  const ids = batch.map(({ value: trade }) => trade.trade_id);
  const tradesOf = (table: string) => sql`
    SELECT f.broker_fill_id AS trade_id, o.symbol, o.side, f.quantity, f.price, f.executed_at, o.strategy_id
    FROM ${sql.table(table)} f JOIN orders o ON o.order_id = f.order_id
    WHERE f.broker_fill_id = ANY(${ids}) AND o.user_id = ${userId}`;
  const earlier = hasStep(trx, CORRECTIONS_SINCE_STEP)
    ? sql`UNION ALL ${tradesOf('fill_corrections')}`
    : sql``;
  const { rows } = await sql<Trade>`${tradesOf('order_fills')} ${earlier}`.execute(trx.db);
  const found = new Map<string, Trade[]>();
  for (const trade of rows) found.set(trade.trade_id, [...(found.get(trade.trade_id) ?? []), trade]);
  return found;
}

async function findStrategies(trx: Trx, batch: readonly Numbered<Trade>[]): Promise<Set<string>> {
  const ids = [...new Set(batch.flatMap(({ value: trade }) => trade.strategy_id ?? []))];
  if (ids.length === 0) return new Set();
  const rows = await trx.db
    .selectFrom('strategies')
    .select('strategy_id')
    .where('strategy_id', 'in', ids)
    .execute();
  return new Set(rows.map((row) => row.strategy_id));
}
