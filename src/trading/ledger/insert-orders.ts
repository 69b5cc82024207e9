import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { OrderSide, OrderType, Product } from '../../domain/enums.ts';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { violatedConstraint } from '../../platform/postgres/errors.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { refused } from '../../util/failure.ts';
import { ORDER_COLUMNS, type Order } from './order-store.ts';
import { productColumn, productOf } from './product.ts';

/** An order at its placement: PENDING, nothing filled. Price in rupees per share, times in UTC. */
export interface NewOrder {
  order_id: OrderId;
  user_id: UserId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  /** Needs step 8 of phase 4. */
  product?: Product | null | undefined;
  side: OrderSide;
  order_type: OrderType;
  quantity: number;
  price: number;
  created_at: Instant;
}

/** An order that is not placed yet. */
export type ProposedOrder = Omit<NewOrder, 'order_id'>;

/** An order before its first fill. */
export function unfilled(order: NewOrder): Order {
  return {
    order_id: order.order_id,
    user_id: order.user_id,
    strategy_id: order.strategy_id,
    symbol: order.symbol,
    product: order.product ?? null,
    side: order.side,
    order_type: order.order_type,
    quantity: order.quantity,
    price: order.price,
    filled_quantity: 0,
    filled_price: 0,
    status: 'PENDING',
    broker_order_id: '',
    error_message: '',
    retry_count: 0,
    created_at: order.created_at,
    updated_at: order.created_at,
  };
}

/** Writes orders and counts them for their strategies and the running sessions of their users, in one statement. */
export async function insertOrders(trx: Trx, orders: readonly Order[]): Promise<void> {
  if (orders.length === 0) return;
  await sql`WITH ${insertion(trx, orders)} SELECT`.execute(trx.db);
  for (const order of orders) trx.touch('order', [order.order_id], order.updated_at);
}

/** The same for one order without fills, whose id you chose: throws ORDER_EXISTS if it is taken. Returns its row. */
export async function insertOrder(trx: Trx, order: NewOrder): Promise<Order> {
  const columns = sql.join(ORDER_COLUMNS.map((column) => sql.ref(column)));
  const product = productOf(trx, 'orders');
  const { rows } = await sql<Order>`
    WITH ${insertion(trx, [unfilled(order)], sql`RETURNING ${columns}, ${product} AS product`)}
    SELECT ${columns}, product FROM placed`
    .execute(trx.db)
    .catch((error) => {
      // On a partitioned table the error names the partition's constraint.
      if (!violatedConstraint(error, /^orders_(\w+_)?pkey$/)) throw error;
      throw refused(
        'ORDER_EXISTS',
        `There is already an order ${order.order_id}.`,
        `See: pinnacle order show ${order.order_id}`,
      );
    });
  trx.touch('order', [order.order_id]);
  return rows[0] as Order;
}

type Part = RawBuilder<unknown>;

/** The parts of a statement that write orders and count them. */
function insertion(trx: Trx, orders: readonly Order[], returning: Part = sql``): Part {
  if (orders.some(({ product }) => product !== null)) needStep(trx, BROKER_SINCE_STEP);
  const source = unnest('o', ORDER_TYPES, orders);
  const placed = sql`placed AS (
    INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity,
      filled_price, status, created_at, updated_at${productColumn(trx)})
    SELECT order_id, user_id, strategy_id, symbol, side::order_side, order_type::order_type, quantity, price,
      filled_quantity, filled_price, status::order_status, created_at, updated_at${productColumn(trx)}
    FROM ${source} ${returning})`;
  return sql.join([placed, ...countForStrategies(trx, orders), ...countForSessions(trx, orders)]);
}

const ORDER_TYPES = {
  order_id: 'text',
  user_id: 'text',
  strategy_id: 'text',
  symbol: 'text',
  product: 'text',
  side: 'text',
  order_type: 'text',
  quantity: 'int',
  price: 'float8',
  filled_quantity: 'int',
  filled_price: 'float8',
  status: 'text',
  created_at: 'timestamp',
  updated_at: 'timestamp',
} as const;

function countForStrategies({ phase }: Trx, orders: readonly Order[]): Part[] {
  const counts = tally(orders.filter((order) => order.strategy_id !== null));
  if (phase < 2 || counts.length === 0) return [];
  return [
    sql`for_strategies AS (
    UPDATE user_strategies s SET total_orders = s.total_orders + c.orders, updated_at = now()
    FROM ${unnest('c', { user_id: 'text', strategy_id: 'text', orders: 'int' }, counts)}
    WHERE s.user_id = c.user_id AND s.strategy_id = c.strategy_id)`,
  ];
}

function countForSessions({ phase }: Trx, orders: readonly Order[]): Part[] {
  if (phase < 3) return [];
  // Not history from before a session.
  return [
    sql`for_sessions AS (
    UPDATE trading_sessions s SET total_orders = s.total_orders + c.orders, updated_at = now()
    FROM (
      SELECT a.session_id, count(*) AS orders
      FROM ${unnest('o', { user_id: 'text', created_at: 'timestamp' }, orders)} CROSS JOIN LATERAL (
        SELECT session_id, start_time FROM trading_sessions
        WHERE user_id = o.user_id AND status = 'ACTIVE' ORDER BY start_time DESC, session_id DESC LIMIT 1
      ) a
      WHERE a.start_time <= o.created_at GROUP BY a.session_id
    ) c WHERE s.session_id = c.session_id)`,
  ];
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
