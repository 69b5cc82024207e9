import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Fill } from '../../domain/book.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { hasStep, OTHER_WRITERS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import type { Order } from './order-store.ts';

/** SQL for the price at which an order opened a position, in rupees; NULL if it opened none. */
export const openedAt = (order: RawBuilder<unknown>) => sql`(
  SELECT p.average_price FROM positions p WHERE p.order_id = ${order} AND p.average_price > 0 ORDER BY p.opened_at LIMIT 1)`;

/**
 * SQL for what other programs filled of the orders `o` that meet a condition, without an execution here: `order_id`, the
 * shares that are `missing`, and their mean `price` in rupees, NULL where none is known.
 */
const filledElsewhere = (whose: RawBuilder<unknown>) => sql`
  SELECT o.order_id, o.updated_at, o.quantity, o.filled_quantity, missing,
    coalesce(
      CASE WHEN o.filled_price > 0 AND cost > 0 THEN (cost / missing)::float8 END,
      CASE WHEN o.filled_price > 0 THEN o.filled_price WHEN o.price > 0 THEN o.price END,
      ${openedAt(sql`o.order_id`)}
    ) AS price
  FROM orders o
  CROSS JOIN LATERAL (
    SELECT o.filled_quantity - coalesce(sum(f.quantity), 0) AS missing,
      o.filled_quantity * o.filled_price::numeric - coalesce(sum(f.quantity * f.price::numeric), 0) AS cost
    FROM order_fills f WHERE f.order_id = o.order_id
  ) AS here
  WHERE NOT o.imported AND o.filled_quantity > 0 AND missing > 0 AND ${whose}`;

/**
 * Books what other programs filled of orders, as it stands: executions that move no position, because the balance of the
 * position has them. `whose` is a condition on orders `o`. Returns how many; orders without any price are left out.
 */
export async function adoptFills(
  trx: Trx,
  whose: RawBuilder<unknown>,
  runId: string,
  at: Instant,
): Promise<number> {
  const { rows } = await sql`
    INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, overfill, created_at, adopted)
    SELECT 'fil_' || substr(${runId}, 5, 10) || upper(substr(md5(${runId} || order_id), 1, 16)), order_id, ${runId},
      missing, price, updated_at, filled_quantity > quantity, ${at}::timestamp, ${runId}
    FROM (${filledElsewhere(whose)}) AS parts WHERE price IS NOT NULL
    ORDER BY updated_at, order_id
    RETURNING fill_id`.execute(trx.db);
  return rows.length;
}

/**
 * What other programs filled of the orders of some fills, and no position has: executions to book before them. The orders
 * lose it until then. Throws FILLED_ELSEWHERE (exit 5) where no price is known.
 */
export async function fillsElsewhere(
  trx: Trx,
  orders: ReadonlyMap<OrderId, Order>,
  booked_at: Instant,
  runId: string,
): Promise<Fill[]> {
  const partly = [...orders.values()].filter(({ filled_quantity }) => filled_quantity > 0);
  if (partly.length === 0 || !hasStep(trx, OTHER_WRITERS_SINCE_STEP)) return [];
  const ids = partly.map(({ order_id }) => order_id);
  const { rows } = await sql<{
    order_id: OrderId;
    updated_at: Instant;
    missing: number;
    price: number | null;
    here: number;
    mean: number;
    closed: boolean;
  }>`
    SELECT e.order_id, e.updated_at, e.missing::int AS missing, e.price, coalesce(sum(f.quantity), 0)::int AS here,
      coalesce(sum(f.quantity * f.price) / sum(f.quantity), 0) AS mean,
      e.price IS NOT NULL AND EXISTS (
        SELECT FROM positions p WHERE p.order_id = e.order_id AND p.status = 'CLOSED') AS closed
    FROM (${filledElsewhere(sql`o.order_id = ANY(${ids})`)}) e LEFT JOIN order_fills f ON f.order_id = e.order_id
    GROUP BY e.order_id, e.updated_at, e.missing, e.price ORDER BY e.order_id`.execute(trx.db);
  // What they filled is in a position that they closed.
  const ended = rows.filter(({ closed }) => closed).map(({ order_id }) => order_id);
  if (ended.length > 0) await adoptFills(trx, sql`o.order_id = ANY(${ended})`, runId, booked_at);
  const rest = rows.filter(({ closed }) => !closed);
  return rest.map(({ order_id, updated_at, missing, price, here, mean }) => {
    const order = orders.get(order_id);
    if (price === null || !order)
      throw refused(
        'FILLED_ELSEWHERE',
        `Another program filled ${pluralize(missing, 'share')} of order ${order_id} and wrote no price: what the position cost is not known.`,
        `Let it write filled_price, then book the fill. See: pinnacle order show ${order_id}`,
      );
    order.filled_quantity = here;
    order.filled_price = mean;
    const executed_at = updated_at > order.created_at ? updated_at : order.created_at;
    return {
      order_id,
      broker_fill_id: runId,
      quantity: missing,
      price,
      executed_at,
      booked_at,
      adopted: runId,
    };
  });
}
