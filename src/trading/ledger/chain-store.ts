import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { BookPosition, ChainKey } from '../../domain/book.ts';
import type { Instant } from '../../domain/instant.ts';
import type { ChainAction, ChainFill } from '../../domain/rebuild-positions.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { ACTIONS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
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

/**
 * The executions of a user in a symbol, strategy and product, and what corporate actions made of its positions, in the order of
 * booking. To change them, their user must be locked.
 */
export async function readChain(source: Source, key: ChainKey): Promise<BookedExecution[]> {
  const acted = await readActed(source, key);
  const { rows } = await sql<BookedExecution>`
    SELECT f.seq::float8 AS seq, f.fill_id, f.order_id, f.broker_fill_id, o.side, f.quantity, f.price, f.executed_at,
      f.overfill, f.position_id, f.flipped_to, f.realized_pnl, f.created_at, f.session_id
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id
    WHERE o.user_id = ${key.user_id} AND o.symbol = ${key.symbol} AND o.strategy_id IS NOT DISTINCT FROM ${key.strategy_id}
      AND ${productOf(source, 'o')} IS NOT DISTINCT FROM ${key.product}
      -- What was taken over without moving a position is in its opening balance.
      AND f.position_id IS NOT NULL
    ORDER BY f.seq`.execute(source.db);
  return acted.length === 0 ? rows : [...rows, ...acted].sort((a, b) => a.seq - b.seq);
}

type ActedRow = Omit<BookedExecution, 'action'> & ChainAction;

async function readActed(source: Source, key: ChainKey): Promise<BookedExecution[]> {
  if (!hasStep(source, ACTIONS_SINCE_STEP)) return [];
  const { rows } = await sql<ActedRow>`
    SELECT e.seq, e.action_id AS fill_id, NULL AS order_id, e.action_id AS broker_fill_id,
      CASE WHEN e.shares < 0 THEN 'SELL' ELSE 'BUY' END AS side, abs(e.shares) AS quantity, e.price, e.effective_at AS executed_at,
      false AS overfill, e.position_id, NULL AS flipped_to, '0.00' AS realized_pnl, e.applied_at AS created_at, NULL AS session_id,
      e.shares_before, e.cost, e.average_before, p.opened_at
    FROM corporate_action_effects e JOIN positions p ON p.position_id = e.position_id
    WHERE p.user_id = ${key.user_id} AND p.symbol = ${key.symbol} AND p.strategy_id IS NOT DISTINCT FROM ${key.strategy_id}
      AND ${productOf(source, 'p')} IS NOT DISTINCT FROM ${key.product}
      AND e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0)
    ORDER BY e.seq`.execute(source.db);
  return rows.map(({ shares_before, cost, average_before, opened_at, ...row }) => ({
    ...row,
    action: { shares_before, cost, average_before, opened_at },
  }));
}

/** Locks the positions of a user, strategy and product in some symbols. */
export const lockRows = (trx: Trx, key: Omit<ChainKey, 'symbol'>, symbols: readonly TradingSymbol[]) =>
  readRows(trx, key, symbols, sql`FOR NO KEY UPDATE`);

/** The positions of a user, strategy and product in some symbols, by id. */
export async function readRows(
  source: Source,
  { user_id, strategy_id, product }: Omit<ChainKey, 'symbol'>,
  symbols: readonly TradingSymbol[],
  lock = sql``,
): Promise<PositionRow[]> {
  const { rows } = await sql<PositionRow>`
    SELECT position_id, user_id, strategy_id, symbol, ${productOf(source, 'positions')} AS product, side, quantity,
      average_price, current_price, unrealized_pnl, realized_pnl, status, order_id, opened_at, closed_at, updated_at, marked_at
    FROM positions
    WHERE user_id = ${user_id} AND symbol = ANY(${[...symbols]}) AND strategy_id IS NOT DISTINCT FROM ${strategy_id}
      AND ${productOf(source, 'positions')} IS NOT DISTINCT FROM ${product}
    ORDER BY position_id ${lock}`.execute(source.db);
  return rows;
}

const REBOOKED = [
  ...(['seq', 'quantity', 'price', 'executed_at', 'created_at', 'overfill'] as const),
  ...(['position_id', 'flipped_to', 'realized_pnl'] as const),
];

/** Whether an execution is booked otherwise than among these; what a corporate action made is no execution. */
export function differsFrom(was: readonly BookedExecution[]) {
  const booked = new Map(was.map((fill) => [fill.fill_id, fill]));
  return (fill: BookedExecution) => {
    if (fill.action) return false;
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
  const out = was
    .filter(({ fill_id, action }) => !action && !kept.has(fill_id))
    .map(({ fill_id }) => fill_id);
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

/** Gives what corporate actions made other places in the order of booking. */
export async function moveActed(
  trx: Trx,
  was: readonly BookedExecution[],
  becomes: readonly BookedExecution[],
): Promise<void> {
  const places = new Map(was.filter(({ action }) => action).map((item) => [keyOf(item), item.seq]));
  const moved = becomes.filter((item) => item.action && (places.get(keyOf(item)) ?? item.seq) !== item.seq);
  if (moved.length === 0) return;
  await sql`
    UPDATE corporate_action_effects e SET seq = n.seq
    FROM ${unnest('n', { fill_id: 'text', position_id: 'text', seq: 'float8' }, moved)}
    WHERE e.action_id = n.fill_id AND e.position_id = n.position_id`.execute(trx.db);
}

const keyOf = ({ fill_id, position_id }: BookedExecution) => `${fill_id}\n${position_id}`;

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
