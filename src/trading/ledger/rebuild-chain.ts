import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { BookPosition } from '../../domain/book.ts';
import type { Instant } from '../../domain/instant.ts';
import { addMoney, Decimal, NO_RUPEES, type Rupees, toPaisa } from '../../domain/money.ts';
import { unrealized } from '../../domain/position.ts';
import {
  type ChainFill,
  type ChainKey,
  firstToRebuild,
  type RebuiltPosition,
  rebuildPositions,
} from '../../domain/rebuild-positions.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { type Failure, refused } from '../../util/failure.ts';
import type { TradingDay } from '../trading-day.ts';
import { correctTotals } from './correct-totals.ts';
import { POSITION_TYPES } from './write-book.ts';

/** A row of `order_fills` with the side of its order. */
export interface BookedExecution extends ChainFill {
  /** The order of booking. */
  seq: number;
  broker_fill_id: string;
  overfill: boolean;
  created_at: Instant;
  session_id: string | null;
}

type PositionRow = BookPosition & { marked_at: Instant | null };

export interface RebuiltChain {
  /** Rupees by which the capital of the user changed. */
  credited: Rupees;
  /** The positions that changed, as they are now. */
  positions: PositionRow[];
}

/** The executions of a user in a symbol and strategy, in the order of booking. Their user must be locked. */
export async function readChain(trx: Trx, key: ChainKey): Promise<BookedExecution[]> {
  const { rows } = await sql<BookedExecution>`
    SELECT f.seq::float8 AS seq, f.fill_id, f.order_id, f.broker_fill_id, o.side, f.quantity, f.price, f.executed_at,
      f.overfill, f.position_id, f.flipped_to, f.realized_pnl, f.created_at, f.session_id
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id
    WHERE o.user_id = ${key.user_id} AND o.symbol = ${key.symbol} AND o.strategy_id IS NOT DISTINCT FROM ${key.strategy_id}
    ORDER BY f.seq`.execute(trx.db);
  return rows;
}

/**
 * Books the executions `after` instead of `before`, all that their user, symbol and strategy has: rebuilds the positions
 * that they make, what each execution credits, capital, totals and sessions. Executions that do not change must be the
 * same objects; their places in the order of booking are given anew where that changes. The user must be locked, and
 * the orders must have their new state already, `completed` more of them FILLED than before.
 * Throws LEDGER_INCONSISTENT if `before` does not make the positions that are there.
 */
export async function rebuildChain(
  trx: Trx,
  key: ChainKey,
  { before, after }: Readonly<Record<'before' | 'after', readonly BookedExecution[]>>,
  completed: number,
  day: TradingDay,
): Promise<RebuiltChain> {
  const start = firstToRebuild(before, after);
  if (start === undefined) return { credited: NO_RUPEES, positions: [] };
  const rows = await lockRows(trx, key);
  const was = before.slice(start);
  const old = rebuildPositions(was);
  assertMade(was, old, rows);
  const made = rebuildPositions(inOrderOfBooking(after.slice(start)));
  keepMark(made.positions, rows, old.positions);
  const positions = changedRows(key, made.positions, rows, old.positions, day.now);
  const isNew = differsFrom(was);
  const rebooked = made.fills.filter(isNew);
  await takeOut(trx, was, made.fills, rebooked);
  // Closed ones first, because only one position per key may be open.
  for (const status of ['CLOSED', 'OPEN'] as const)
    await writePositions(
      trx,
      positions.filter((position) => position.status === status),
    );
  await insertFills(trx, rebooked);
  const credits = creditsOf(was, made.fills);
  await correctTotals(trx, key, {
    credits,
    completed,
    unrealized: toPaisa(openValue(positions, rows)),
    touched: rebooked.flatMap(({ session_id }) => session_id ?? []),
    day,
  });
  return { credited: credits.reduce((sum, { credit }) => addMoney(sum, credit), NO_RUPEES), positions };
}

async function lockRows(trx: Trx, key: ChainKey): Promise<PositionRow[]> {
  const { rows } = await sql<PositionRow>`
    SELECT position_id, user_id, strategy_id, symbol, side, quantity, average_price, current_price, unrealized_pnl,
      realized_pnl, status, order_id, opened_at, closed_at, updated_at, marked_at
    FROM positions
    WHERE user_id = ${key.user_id} AND symbol = ${key.symbol} AND strategy_id IS NOT DISTINCT FROM ${key.strategy_id}
    ORDER BY position_id FOR NO KEY UPDATE`.execute(trx.db);
  return rows;
}

/** What is booked must be what the executions make; otherwise what they would make without one proves nothing. */
function assertMade(
  was: readonly BookedExecution[],
  old: ReturnType<typeof rebuildPositions>,
  rows: readonly PositionRow[],
): void {
  const stray = was.find(
    (fill, i) =>
      fill.position_id !== old.fills[i]?.position_id || fill.flipped_to !== old.fills[i].flipped_to,
  );
  if (stray) throw inconsistent(`Position ${stray.position_id} is not made by the executions that are here.`);
  const made = new Map(old.positions.map((position) => [position.position_id, position]));
  for (const row of rows) {
    const position = made.get(row.position_id);
    const isWrong = position
      ? position.quantity !== row.quantity || position.side !== row.side || position.status !== row.status
      : row.status === 'OPEN';
    if (isWrong)
      throw inconsistent(
        `Position ${row.position_id} holds ${row.side} ${row.quantity}, the executions that are here make ${position?.quantity ?? 0}: it cannot be rebuilt from them.`,
      );
  }
}

const inconsistent = (message: string): Failure =>
  refused('LEDGER_INCONSISTENT', message, 'Nothing changed. See: pinnacle doctor ledger');

function inOrderOfBooking(fills: readonly BookedExecution[]): BookedExecution[] {
  const places = fills.map(({ seq }) => seq).sort((a, b) => a - b);
  return fills.map((fill, i) => ({ ...fill, seq: places[i] as number }));
}

/** A price that was marked after the last execution holds for what is open now, too. */
function keepMark(
  positions: RebuiltPosition[],
  rows: readonly PositionRow[],
  old: readonly RebuiltPosition[],
): void {
  const row = rows.find(({ status }) => status === 'OPEN');
  const last = old.find(({ position_id }) => position_id === row?.position_id);
  const open = positions.find(({ status }) => status === 'OPEN');
  if (!row || !last || !open || (row.marked_at === null && row.current_price === last.current_price)) return;
  open.current_price = row.current_price;
  open.unrealized_pnl = unrealized(open, row.current_price);
}

/** The rows to write: of positions that changed, and of those that no execution makes any more, which end empty. */
function changedRows(
  key: ChainKey,
  positions: readonly RebuiltPosition[],
  rows: readonly PositionRow[],
  old: readonly RebuiltPosition[],
  now: Instant,
): PositionRow[] {
  const present = new Map(rows.map((row) => [row.position_id, row]));
  const marked = rows.find(({ status }) => status === 'OPEN')?.marked_at ?? null;
  const made = positions.map((position): PositionRow => {
    const marked_at =
      position.status === 'OPEN' ? marked : (present.get(position.position_id)?.marked_at ?? null);
    return { ...key, ...position, marked_at, updated_at: now };
  });
  const kept = new Set(positions.map(({ position_id }) => position_id));
  const emptied = old
    .filter(({ position_id }) => !kept.has(position_id))
    .flatMap(({ position_id }) => present.get(position_id) ?? [])
    .map(
      (row): PositionRow => ({
        ...row,
        quantity: 0,
        unrealized_pnl: 0,
        realized_pnl: 0,
        status: 'CLOSED',
        closed_at: row.closed_at ?? now,
        updated_at: now,
      }),
    );
  return [...made, ...emptied].filter((row) => {
    const before = present.get(row.position_id);
    return !before || WRITTEN.some((column) => before[column] !== row[column]);
  });
}

const WRITTEN = [
  ...(['side', 'quantity', 'average_price', 'current_price', 'unrealized_pnl', 'realized_pnl'] as const),
  ...(['status', 'order_id', 'opened_at', 'closed_at'] as const),
];

/** By how much the unrealized P&L of the key grows, in rupees. */
function openValue(positions: readonly PositionRow[], rows: readonly PositionRow[]): number {
  const present = new Map(rows.map((row) => [row.position_id, row]));
  return positions.reduce((sum, position) => {
    const before = present.get(position.position_id)?.unrealized_pnl ?? 0;
    return sum + Number(toPaisa(position.unrealized_pnl)) - Number(toPaisa(before));
  }, 0);
}

const REBOOKED = [
  ...(['seq', 'quantity', 'price', 'executed_at', 'created_at', 'overfill'] as const),
  ...(['position_id', 'flipped_to', 'realized_pnl'] as const),
];

function differsFrom(was: readonly BookedExecution[]) {
  const booked = new Map(was.map((fill) => [fill.fill_id, fill]));
  return (fill: BookedExecution) => {
    const before = booked.get(fill.fill_id);
    return !before || REBOOKED.some((column) => before[column] !== fill[column]);
  };
}

async function takeOut(
  trx: Trx,
  was: readonly BookedExecution[],
  stays: readonly BookedExecution[],
  rebooked: readonly BookedExecution[],
): Promise<void> {
  const kept = new Set(stays.map(({ fill_id }) => fill_id));
  for (const { fill_id } of rebooked) kept.delete(fill_id);
  const out = was.filter(({ fill_id }) => !kept.has(fill_id)).map(({ fill_id }) => fill_id);
  await sql`SELECT order_fills_take_out(${out})`.execute(trx.db);
}

async function insertFills(trx: Trx, fills: readonly BookedExecution[]): Promise<void> {
  if (fills.length === 0) return;
  const source = unnest(
    'n',
    {
      seq: 'numeric',
      fill_id: 'text',
      order_id: 'text',
      broker_fill_id: 'text',
      quantity: 'int',
      price: 'float8',
      executed_at: 'timestamp',
      overfill: 'boolean',
      position_id: 'text',
      flipped_to: 'text',
      realized_pnl: 'numeric',
      created_at: 'timestamp',
      session_id: 'text',
    },
    fills,
  );
  await sql`
    INSERT INTO order_fills (seq, fill_id, order_id, broker_fill_id, quantity, price, executed_at, overfill, position_id,
      flipped_to, realized_pnl, created_at, session_id)
    OVERRIDING SYSTEM VALUE SELECT * FROM ${source}`.execute(trx.db);
}

async function writePositions(trx: Trx, positions: readonly PositionRow[]): Promise<void> {
  if (positions.length === 0) return;
  const source = unnest('n', { ...POSITION_TYPES, marked_at: 'timestamp' }, positions);
  await sql`
    INSERT INTO positions (position_id, user_id, strategy_id, symbol, side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status, order_id, opened_at, closed_at, created_at, updated_at, marked_at)
    SELECT position_id, user_id, strategy_id, symbol, side::position_side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status::position_status, order_id, opened_at, closed_at, opened_at, updated_at, marked_at
    FROM ${source}
    ON CONFLICT (position_id) DO UPDATE
    SET side = excluded.side, quantity = excluded.quantity, average_price = excluded.average_price,
      current_price = excluded.current_price, unrealized_pnl = excluded.unrealized_pnl,
      realized_pnl = excluded.realized_pnl, status = excluded.status, order_id = excluded.order_id,
      opened_at = excluded.opened_at, closed_at = excluded.closed_at, updated_at = excluded.updated_at,
      marked_at = excluded.marked_at`.execute(trx.db);
}

/** What each execution credits more than before, or less; of one that no longer counts, all of it. */
function creditsOf(was: readonly BookedExecution[], stays: readonly BookedExecution[]) {
  const now = new Map(stays.map((fill) => [fill.fill_id, fill.realized_pnl]));
  return was.flatMap(({ fill_id, session_id, created_at, realized_pnl }) => {
    const credit = toPaisa(new Decimal(now.get(fill_id) ?? NO_RUPEES).minus(realized_pnl));
    return credit === NO_RUPEES ? [] : [{ session_id, created_at, credit }];
  });
}
