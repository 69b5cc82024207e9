import type { Kysely } from 'kysely';
import { notFound } from '../cli/errors.ts';
import type { Database } from '../db/schema.ts';

export const ORDER_COLUMNS = [
  'order_id',
  'user_id',
  'strategy_id',
  'symbol',
  'side',
  'order_type',
  'quantity',
  'price',
  'filled_quantity',
  'filled_price',
  'status',
  'broker_order_id',
  'error_message',
  'retry_count',
  'created_at',
  'updated_at',
] as const;

/** One order; throws ORDER_NOT_FOUND. */
export async function findOrder(db: Kysely<Database>, orderId: string) {
  const order = await db
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('order_id', '=', orderId)
    .executeTakeFirst();
  if (!order) throw notFound('order', orderId, 'See: pinnacle order list');
  return order;
}
