import { sql } from 'kysely';
import type { OrderId, UserId } from '../../domain/id.ts';
import { type Instant, later } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import { signedShares } from '../../domain/net-positions.ts';
import {
  type ComparisonClock,
  type OurBook,
  type OurFill,
  type OurOrder,
  rowsOf,
  type TheirBooks,
} from '../../domain/reconcile/difference.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import type { TradingDay } from '../trading-day.ts';

const DAY_MS = 86_400_000;
/** How old an order may be that the broker has in its book of today. */
const OLDEST_DAYS = 7;

/** The clock of a comparison, of the trading day in the database. */
export function comparisonClock({ now, dayStart }: TradingDay): ComparisonClock {
  const start = Date.parse(dayStart);
  // At noon the date is the same in UTC.
  const noon = start + DAY_MS / 2;
  const dateOf = (at: Instant) =>
    new Date(noon + Math.floor((Date.parse(at) - start) / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
  return { now, dayStart, dateOf };
}

/**
 * What we have of a user that the broker may have as well: orders that work, those of today and those that its books name;
 * open positions; capital. Three statements, whatever there is.
 */
export async function readOurBook(
  source: Source,
  user: UserId,
  books: TheirBooks,
  { dayStart }: ComparisonClock,
): Promise<OurBook> {
  const orders = await readOrders(source, user, books, dayStart);
  const fills = await readFills(
    source,
    orders.map(({ order_id }) => order_id),
  );
  const { capital, positions } = await readPositions(source, user);
  return {
    orders: orders.map((order) => ({ ...order, fills: fills.get(order.order_id) ?? [] })),
    positions,
    capital,
  };
}

type OrderRow = Omit<OurOrder, 'sent' | 'fills'>;

async function readOrders({ db }: Source, user: UserId, books: TheirBooks, dayStart: Instant) {
  const theirs = rowsOf(books.orders) ?? [];
  const trades = rowsOf(books.trades) ?? [];
  const ids = [...new Set([...theirs, ...trades].map(({ broker_order_id }) => broker_order_id))];
  const tags = theirs.flatMap(({ tag }) => (tag === '' ? [] : [tag]));
  const oldest = later(dayStart, -OLDEST_DAYS * DAY_MS);
  const { rows } = await sql<
    OrderRow & { sent_at: Instant | null; looks: number | null; is_open: boolean | null }
  >`
    WITH wanted AS (
      SELECT order_id FROM orders WHERE user_id = ${user} AND ${IS_WORKING}
      UNION
      SELECT order_id FROM orders
      WHERE user_id = ${user} AND created_at >= ${oldest}::timestamp
        AND (created_at >= ${dayStart}::timestamp OR broker_order_id = ANY(${ids}) OR order_tag = ANY(${tags}))
    )
    SELECT o.order_id, o.strategy_id, o.symbol, o.side, o.order_type, o.product, o.quantity, o.price, o.trigger_price,
      o.filled_quantity, o.status, o.broker_order_id, o.order_tag, o.origin, o.created_at, c.sent_at, c.looks,
      c.resolved_at IS NULL AS is_open
    FROM orders o JOIN wanted w ON w.order_id = o.order_id
    LEFT JOIN LATERAL (
      SELECT sent_at, looks, resolved_at FROM broker_calls
      WHERE order_id = o.order_id AND verb = 'place' ORDER BY sent_at DESC, call_id DESC LIMIT 1
    ) c ON true
    ORDER BY o.created_at, o.order_id`.execute(db);
  return rows.map(({ sent_at, looks, is_open, ...order }) => ({
    ...order,
    sent: sent_at === null ? null : { at: sent_at, looks: looks ?? 0, isOpen: is_open === true },
  }));
}

async function readFills({ db }: Source, orders: readonly OrderId[]): Promise<Map<OrderId, OurFill[]>> {
  const fills = new Map<OrderId, OurFill[]>();
  if (orders.length === 0) return fills;
  const { rows } = await sql<OurFill & { order_id: OrderId }>`
    SELECT order_id, broker_fill_id, quantity, price, executed_at, adopted IS NOT NULL AS adopted, false AS busted
    FROM order_fills WHERE order_id = ANY(${orders})
    UNION ALL
    SELECT order_id, broker_fill_id, quantity, price, executed_at, false, true
    FROM fill_corrections WHERE busted AND order_id = ANY(${orders})
    ORDER BY executed_at, broker_fill_id`.execute(db);
  for (const { order_id, ...fill } of rows) {
    const list = fills.get(order_id);
    if (list) list.push(fill);
    else fills.set(order_id, [fill]);
  }
  return fills;
}

async function readPositions({ db }: Source, user: UserId): Promise<Pick<OurBook, 'capital' | 'positions'>> {
  const rows = await db
    .selectFrom('users as u')
    .leftJoin('positions as p', (join) =>
      join.onRef('p.user_id', '=', 'u.user_id').on('p.status', '=', 'OPEN'),
    )
    .select([
      'u.total_capital',
      'p.symbol',
      'p.product',
      'p.strategy_id',
      'p.side',
      'p.quantity',
      'p.average_price',
    ])
    .where('u.user_id', '=', user)
    .execute();
  const positions = rows.flatMap(({ symbol, product, strategy_id, side, quantity, average_price }) =>
    symbol === null || side === null || quantity === null || average_price === null
      ? []
      : [{ symbol, product, strategy_id, quantity: signedShares({ side, quantity }), average_price }],
  );
  return { capital: (rows[0]?.total_capital ?? '0.00') as Rupees, positions };
}
