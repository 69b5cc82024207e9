import { auditTarget, changed, type Outcome } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { rowsOf, textOfStep } from '../rows-of.ts';

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

const orders = rowsOf('orders', ORDER_COLUMNS, 'order', 'See: pinnacle order list', ['product']);

export type Order = Awaited<ReturnType<typeof orders.find>>;

export const findOrder = orders.find;
export const findOrders = orders.findMany;
/** Locks the user, then the order, so that two operators change it one after the other. */
export const lockOrder = orders.lockWithUser;
/** The users of the orders must already be locked. */
export const lockOrders = orders.lockMany;

/** Writes new values of a locked order. */
export async function changeOrder(trx: Trx, before: Order, values: Partial<Order>): Promise<Outcome<Order>> {
  const result = await trx.db
    .updateTable('orders')
    .set(values)
    .where('order_id', '=', before.order_id)
    .returning(ORDER_COLUMNS)
    .returning((eb) => textOfStep(eb, 'orders', 'product').$castTo<Order['product']>().as('product'))
    .executeTakeFirstOrThrow();
  trx.touch('order', [before.order_id]);
  const { updated_at, ...after } = values;
  const was = Object.fromEntries(Object.keys(after).map((key) => [key, before[key as keyof Order]]));
  return changed(result, auditTarget('order', before.order_id), { before: was, after });
}
