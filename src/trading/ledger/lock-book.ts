import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import {
  type Book,
  type BookPosition,
  type ChainKey,
  type Fill,
  fillKey,
  type KnownFill,
  positionKey,
  strategyKey,
} from '../../domain/book.ts';
import type { StrategyStatus } from '../../domain/enums.ts';
import { type BookSession, inPaisa } from '../../domain/equity.ts';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { ACTIONS_SINCE_STEP, CORRECTIONS_SINCE_STEP, hasStep } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { equityOf } from '../sessions/equity.ts';
import { restoreExact } from './exact-costs.ts';
import { type OpenedPosition, openBalances } from './open-balances.ts';
import { lockOrders, type Order } from './order-store.ts';
import { productOf } from './product.ts';

/** A book whose orders have every column. */
export interface LockedBook extends Book {
  orders: Map<OrderId, Order>;
  /** Balances that other programs had left in the positions, taken over by this transaction. */
  opened: readonly OpenedPosition[];
}

/**
 * Locks what the fills touch and reads it: users, then orders, each in id order, then open positions and sessions, which
 * nobody changes without their user, so that no two bookings deadlock. The user comes first: two first fills of a symbol find no position row to wait for.
 * `keys` are those of orders that are placed with their fills, and are not written yet.
 */
export async function lockBook(
  trx: Trx,
  fills: readonly Fill[],
  keys: readonly ChainKey[] = [],
): Promise<LockedBook> {
  // The plan of a foreign key is made once: of a table of one page it would scan thousands of rows for each fill later.
  if (fills.length > 1 || keys.length > 0)
    await sql`SELECT set_config('enable_seqscan', 'off', true)`.execute(trx.db);
  const orderIds = [...new Set(fills.map((fill) => fill.order_id))];
  const userIds = [...new Set(keys.map((key) => key.user_id))];
  await sql`
    SELECT FROM users
    WHERE user_id = ANY(${userIds}) OR user_id IN (SELECT user_id FROM orders WHERE order_id = ANY(${orderIds}))
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  const orders = await lockOrders(trx, orderIds);
  const touched = [...orders, ...keys];
  const known = await findKnown(trx, fills);
  const locked = await lockPositions(trx, touched);
  // What changes nothing takes nothing over, because it leaves no audit entry.
  const isNew = keys.length > 0 || fills.some((fill) => !known.has(fillKey(fill)));
  const { positions, opened } = isNew ? await openBalances(trx, locked) : { positions: locked, opened: [] };
  return {
    orders: new Map(orders.map((order) => [order.order_id, order])),
    positions: new Map(positions.map((position) => [positionKey(position), position])),
    acted: await findActed(trx, touched),
    opened,
    known,
    idle: await findIdle(trx, touched),
    sessions: await lockSessions(trx, [...new Set(touched.map((key) => key.user_id))]),
  };
}

async function findKnown(trx: Trx, fills: readonly Fill[]): Promise<Book['known']> {
  if (fills.length === 0) return new Map();
  const named = unnest('k', { order_id: 'text', broker_fill_id: 'text' }, fills);
  const busted = sql`UNION ALL
    SELECT c.order_id, c.broker_fill_id, c.quantity, c.price, true
    FROM fill_corrections c JOIN ${named} ON c.order_id = k.order_id AND c.broker_fill_id = k.broker_fill_id
    WHERE c.busted`;
  const { rows } = await sql<KnownFill & Pick<Fill, 'order_id' | 'broker_fill_id'>>`
    SELECT f.order_id, f.broker_fill_id, f.quantity, f.price, false AS busted
    FROM order_fills f JOIN ${named} ON f.order_id = k.order_id AND f.broker_fill_id = k.broker_fill_id
    ${hasStep(trx, CORRECTIONS_SINCE_STEP) ? busted : sql``}`.execute(trx.db);
  return new Map(rows.map((fill) => [fillKey(fill), fill]));
}

async function findIdle(trx: Trx, orders: readonly ChainKey[]): Promise<Book['idle']> {
  const strategies = [...new Set(orders.flatMap(({ strategy_id }) => strategy_id ?? []))];
  if (trx.phase < 2 || strategies.length === 0) return new Map();
  const users = [...new Set(orders.map(({ user_id }) => user_id))];
  const { rows } = await sql<{ user_id: UserId; strategy_id: StrategyId; status: StrategyStatus }>`
    SELECT user_id, strategy_id, status FROM user_strategies
    WHERE user_id = ANY(${users}) AND strategy_id = ANY(${strategies}) AND status <> 'ACTIVE'`.execute(
    trx.db,
  );
  return new Map(rows.map((row) => [strategyKey(row), row.status]));
}

async function findActed(trx: Trx, orders: readonly ChainKey[]): Promise<Book['acted']> {
  if (!hasStep(trx, ACTIONS_SINCE_STEP)) return new Map();
  const users = [...new Set(orders.map(({ user_id }) => user_id))];
  const symbols = [...new Set(orders.map(({ symbol }) => symbol))];
  const { rows } = await sql<ChainKey & { acted_at: Instant }>`
    SELECT p.user_id, p.symbol, p.strategy_id, ${productOf(trx, 'p')} AS product, max(e.effective_at) AS acted_at
    FROM corporate_action_effects e JOIN positions p ON p.position_id = e.position_id
    WHERE p.user_id = ANY(${users}) AND p.symbol = ANY(${symbols}) AND e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0)
    GROUP BY 1, 2, 3, 4`.execute(trx.db);
  return new Map(rows.map(({ acted_at, ...key }) => [positionKey(key), acted_at]));
}

async function lockPositions(trx: Trx, orders: readonly ChainKey[]): Promise<BookPosition[]> {
  const keys = [...new Map(orders.map((order) => [positionKey(order), order])).values()];
  const wanted = keys.map(({ user_id, symbol, strategy_id, product }) => ({
    user_id,
    symbol,
    strategy_id: strategy_id ?? '',
    product: product ?? '',
  }));
  const product = productOf(trx, 'p');
  const { rows } = await sql<BookPosition>`
    SELECT p.position_id, p.user_id, p.strategy_id, p.symbol, ${product} AS product, p.side, p.quantity, p.average_price, p.current_price,
      p.unrealized_pnl, p.realized_pnl, p.status, p.order_id, p.opened_at, p.closed_at, p.updated_at
    FROM positions p
      JOIN ${unnest('k', { user_id: 'text', symbol: 'text', strategy_id: 'text', product: 'text' }, wanted)}
      ON p.user_id = k.user_id AND p.symbol = k.symbol AND coalesce(p.strategy_id, '') = k.strategy_id
        AND coalesce(${product}, '') = k.product
    WHERE p.status = 'OPEN' ORDER BY p.opened_at, p.position_id FOR NO KEY UPDATE OF p`.execute(trx.db);
  await restoreExact(trx, rows);
  return rows;
}

async function lockSessions(trx: Trx, userIds: readonly string[]): Promise<Book['sessions']> {
  if (trx.phase < 3) return new Map();
  const { rows } = await sql<Omit<BookSession, 'equity' | 'start'> & { equity: string; start: number }>`
    SELECT s.session_id, s.user_id, s.start_time, s.max_drawdown, s.capital_at_start AS start,
      coalesce(s.peak_equity, s.capital_at_start) AS peak_equity, ${equityOf('s')} AS equity
    FROM trading_sessions s
    WHERE s.user_id = ANY(${userIds}) AND s.status = 'ACTIVE'
    ORDER BY s.start_time, s.session_id FOR NO KEY UPDATE OF s`.execute(trx.db);
  return new Map(
    rows.map(({ equity, start, ...row }) => [
      row.user_id,
      { ...row, equity: inPaisa(equity), start: inPaisa(start), realized: 0, successful: 0 },
    ]),
  );
}
