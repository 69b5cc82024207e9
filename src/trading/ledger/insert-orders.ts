import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { BookOrder } from '../../domain/book.ts';
import type { OrderSide, OrderType } from '../../domain/enums.ts';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { violatedConstraint } from '../../platform/postgres/errors.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { refused } from '../../util/failure.ts';

/** An order at its placement: PENDING, nothing filled. Price in rupees per share, times in UTC. */
export interface NewOrder {
  order_id: OrderId;
  user_id: UserId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  side: OrderSide;
  order_type: OrderType;
  quantity: number;
  price: number;
  created_at: Instant;
}

/** An order that is not placed yet. */
export type ProposedOrder = Omit<NewOrder, 'order_id'>;

/** The state of an order after the fills that came with it; without any it is PENDING. */
type Placed = NewOrder &
  Partial<Pick<BookOrder, 'status' | 'filled_quantity' | 'filled_price' | 'updated_at'>>;

/** Writes orders and counts them for their strategies and the running sessions of their users; one statement per table. */
export async function insertOrders(trx: Trx, orders: readonly Placed[]): Promise<void> {
  if (orders.length === 0) return;
  const source = unnest(
    'o',
    {
      order_id: 'text',
      user_id: 'text',
      strategy_id: 'text',
      symbol: 'text',
      side: 'text',
      order_type: 'text',
      quantity: 'int',
      price: 'float8',
      filled_quantity: 'int',
      filled_price: 'float8',
      status: 'text',
      created_at: 'timestamp',
      updated_at: 'timestamp',
    },
    orders.map((order) => ({ ...UNFILLED, updated_at: order.created_at, ...order })),
  );
  await sql`
    INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity,
      filled_price, status, created_at, updated_at)
    SELECT order_id, user_id, strategy_id, symbol, side::order_side, order_type::order_type, quantity, price,
      filled_quantity, filled_price, status::order_status, created_at, updated_at
    FROM ${source}`.execute(trx.db);
  for (const order of orders) trx.touch('order', [order.order_id], order.updated_at ?? order.created_at);
  await countForStrategies(trx, orders);
  await countForSessions(trx, orders);
}

/** The same for one order whose id you chose: throws ORDER_EXISTS if it is taken. */
export async function insertOrder(trx: Trx, order: NewOrder): Promise<void> {
  await insertOrders(trx, [order]).catch((error) => {
    // On a partitioned table the error names the partition's constraint.
    if (!violatedConstraint(error, /^orders_(\w+_)?pkey$/)) throw error;
    throw refused(
      'ORDER_EXISTS',
      `There is already an order ${order.order_id}.`,
      `See: pinnacle order show ${order.order_id}`,
    );
  });
}

const UNFILLED = { status: 'PENDING', filled_quantity: 0, filled_price: 0 };

async function countForStrategies(trx: Trx, orders: readonly NewOrder[]): Promise<void> {
  const counts = tally(orders.filter((order) => order.strategy_id !== null));
  if (trx.phase < 2 || counts.length === 0) return;
  await sql`
    UPDATE user_strategies s SET total_orders = s.total_orders + c.orders, updated_at = now()
    FROM ${unnest('c', { user_id: 'text', strategy_id: 'text', orders: 'int' }, counts)}
    WHERE s.user_id = c.user_id AND s.strategy_id = c.strategy_id`.execute(trx.db);
}

async function countForSessions(trx: Trx, orders: readonly NewOrder[]): Promise<void> {
  if (trx.phase < 3) return;
  // Not history from before a session.
  await sql`
    UPDATE trading_sessions s SET total_orders = s.total_orders + c.orders, updated_at = now()
    FROM (
      SELECT a.session_id, count(*) AS orders
      FROM ${unnest('o', { user_id: 'text', created_at: 'timestamp' }, orders)}
        JOIN trading_sessions a ON a.user_id = o.user_id AND a.status = 'ACTIVE' AND a.start_time <= o.created_at
      GROUP BY a.session_id
    ) c WHERE s.session_id = c.session_id`.execute(trx.db);
}

/** The number of orders per user and strategy. */
function tally(orders: readonly Pick<NewOrder, 'user_id' | 'strategy_id'>[]) {
  const counts = new Map<string, { user_id: UserId; strategy_id: StrategyId | null; orders: number }>();
  for (const { user_id, strategy_id } of orders) {
    const key = `${user_id}\n${strategy_id}`;
    const count = counts.get(key) ?? { user_id, strategy_id, orders: 0 };
    counts.set(key, { ...count, orders: count.orders + 1 });
  }
  return [...counts.values()];
}
