import type { Kysely } from 'kysely';
import type { AuditEntry } from '../../audit/log.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { notFound } from '../../util/failure.ts';

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
export async function findOrder(db: Kysely<Database>, orderId: OrderId) {
  return existingIds(await selectOrders(db, orderId).executeTakeFirst(), orderId);
}

export type Order = Awaited<ReturnType<typeof findOrder>>;

/** Orders by their ids, in the order of the ids. */
export async function findOrders(db: Kysely<Database>, ids: readonly string[]): Promise<Order[]> {
  if (ids.length === 0) return [];
  return db
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('order_id', '=', (eb) => eb.fn<OrderId>('any', [eb.val(ids)]))
    .orderBy('order_id')
    .execute();
}

/** The same, under the locks of its trader and its own, so that of two operators one comes first. */
export async function lockOrder(trx: Trx, orderId: OrderId): Promise<Order> {
  await trx.db
    .selectFrom('users')
    .select('user_id')
    .where('user_id', '=', (eb) => eb.selectFrom('orders').select('user_id').where('order_id', '=', orderId))
    .forNoKeyUpdate()
    .execute();
  return existingIds(await selectOrders(trx.db, orderId).forNoKeyUpdate().executeTakeFirst(), orderId);
}

/** Writes what changes of a locked order, and gives the order and the audit entry of the change. */
export async function changeOrder(
  trx: Trx,
  before: Order,
  values: Partial<Order>,
): Promise<{ result: Order; audit: AuditEntry }> {
  const result = await trx.db
    .updateTable('orders')
    .set(values)
    .where('order_id', '=', before.order_id)
    .returning(ORDER_COLUMNS)
    .executeTakeFirstOrThrow();
  trx.touch('order', [before.order_id]);
  const { updated_at, ...changed } = values;
  const was = Object.fromEntries(Object.keys(changed).map((key) => [key, before[key as keyof Order]]));
  return { result, audit: { target: `order ${before.order_id}`, body: { before: was, after: changed } } };
}

function selectOrders(db: Kysely<Database>, orderId: OrderId) {
  return db.selectFrom('orders').select(ORDER_COLUMNS).where('order_id', '=', orderId);
}

function existingIds<T>(order: T | undefined, orderId: OrderId): T {
  if (order === undefined) throw notFound('order', orderId, 'See: pinnacle order list');
  return order;
}
