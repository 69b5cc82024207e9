import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { BookPosition, ChainKey } from '../../domain/book.ts';
import type { Instant } from '../../domain/instant.ts';
import type { ChainFill } from '../../domain/rebuild-positions.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { productColumn, productOf } from './product.ts';
import { FILL_TYPES, POSITION_TYPES } from './write-book.ts';

/** A row of `order_fills` with the side of its order. */
export interface BookedExecution extends ChainFill {
  /** The order of booking. */
  seq: number;
  broker_fill_id: string;
  overfill: boolean;
  created_at: Instant;
  session_id: string | null;
}

export type PositionRow = BookPosition & { marked_at: Instant | null };

/** The executions of a user in a symbol, strategy and product, in the order of booking. Their user must be locked. */
export async function readChain(trx: Trx, key: ChainKey): Promise<BookedExecution[]> {
  const { rows } = await sql<BookedExecution>`
    SELECT f.seq::float8 AS seq, f.fill_id, f.order_id, f.broker_fill_id, o.side, f.quantity, f.price, f.executed_at,
      f.overfill, f.position_id, f.flipped_to, f.realized_pnl, f.created_at, f.session_id
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id
    WHERE o.user_id = ${key.user_id} AND o.symbol = ${key.symbol} AND o.strategy_id IS NOT DISTINCT FROM ${key.strategy_id}
      AND ${productOf(trx, 'o')} IS NOT DISTINCT FROM ${key.product}
      -- What was taken over without moving a position is in its opening balance.
      AND f.position_id IS NOT NULL
    ORDER BY f.seq`.execute(trx.db);
  return rows;
}

/** Locks the positions of a user, strategy and product in some symbols. */
export async function lockRows(
  trx: Trx,
  { user_id, strategy_id, product }: Omit<ChainKey, 'symbol'>,
  symbols: readonly TradingSymbol[],
): Promise<PositionRow[]> {
  const { rows } = await sql<PositionRow>`
    SELECT position_id, user_id, strategy_id, symbol, ${productOf(trx, 'positions')} AS product, side, quantity,
      average_price, current_price, unrealized_pnl, realized_pnl, status, order_id, opened_at, closed_at, updated_at, marked_at
    FROM positions
    WHERE user_id = ${user_id} AND symbol = ANY(${[...symbols]}) AND strategy_id IS NOT DISTINCT FROM ${strategy_id}
      AND ${productOf(trx, 'positions')} IS NOT DISTINCT FROM ${product}
    ORDER BY position_id FOR NO KEY UPDATE`.execute(trx.db);
  return rows;
}

const REBOOKED = [
  ...(['seq', 'quantity', 'price', 'executed_at', 'created_at', 'overfill'] as const),
  ...(['position_id', 'flipped_to', 'realized_pnl'] as const),
];

/** Whether an execution is booked otherwise than among these. */
export function differsFrom(was: readonly BookedExecution[]) {
  const booked = new Map(was.map((fill) => [fill.fill_id, fill]));
  return (fill: BookedExecution) => {
    const before = booked.get(fill.fill_id);
    return !before || REBOOKED.some((column) => before[column] !== fill[column]);
  };
}

/** Takes out what no longer stays, or is booked again. */
export async function takeOut(
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

/** Books executions at their places in the order of booking. */
export async function insertFills(trx: Trx, fills: readonly BookedExecution[]): Promise<void> {
  if (fills.length === 0) return;
  const source = unnest(
    'n',
    { seq: 'numeric', ...FILL_TYPES, created_at: 'timestamp', session_id: 'text' },
    fills,
  );
  await sql`
    INSERT INTO order_fills (seq, fill_id, order_id, broker_fill_id, quantity, price, executed_at, overfill, position_id,
      flipped_to, realized_pnl, created_at, session_id)
    OVERRIDING SYSTEM VALUE SELECT * FROM ${source}`.execute(trx.db);
}

/** Writes positions under their ids; one that is there keeps its symbol and product. */
export async function writePositions(trx: Trx, positions: readonly PositionRow[]): Promise<void> {
  if (positions.length === 0) return;
  const source = unnest('n', { ...POSITION_TYPES, marked_at: 'timestamp' }, positions);
  await sql`
    INSERT INTO positions (position_id, user_id, strategy_id, symbol, side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status, order_id, opened_at, closed_at, created_at, updated_at, marked_at
      ${productColumn(trx)})
    SELECT position_id, user_id, strategy_id, symbol, side::position_side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status::position_status, order_id, opened_at, closed_at, opened_at, updated_at, marked_at
      ${productColumn(trx)}
    FROM ${source}
    ON CONFLICT (position_id) DO UPDATE
    SET side = excluded.side, quantity = excluded.quantity, average_price = excluded.average_price,
      current_price = excluded.current_price, unrealized_pnl = excluded.unrealized_pnl,
      realized_pnl = excluded.realized_pnl, status = excluded.status, order_id = excluded.order_id,
      opened_at = excluded.opened_at, closed_at = excluded.closed_at, updated_at = excluded.updated_at,
      marked_at = excluded.marked_at`.execute(trx.db);
}
