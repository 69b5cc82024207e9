import { sql } from 'kysely';
import type { Trx } from '../audit/change.ts';
import type { OrderStatus } from '../db/schema.ts';
import { refusing } from './book.ts';
import { checkCancel } from './order.ts';

/**
 * Cancels a working order under its lock, so that of a cancel and a fill exactly one comes first. False where it is
 * cancelled already; a refusal (exit 5) where it is FILLED or REJECTED.
 */
export async function cancelOrder(trx: Trx, orderId: string, at: string): Promise<boolean> {
  await sql`SELECT FROM users WHERE user_id = (SELECT user_id FROM orders WHERE order_id = ${orderId}) FOR NO KEY UPDATE`.execute(
    trx,
  );
  const { rows } = await sql<{ status: OrderStatus }>`
    SELECT status FROM orders WHERE order_id = ${orderId} FOR NO KEY UPDATE`.execute(trx);
  const status = rows[0]?.status ?? 'PENDING';
  if (status === 'CANCELLED') return false;
  refusing(() => checkCancel({ order_id: orderId, status }));
  await trx
    .updateTable('orders')
    .set({ status: 'CANCELLED', updated_at: at })
    .where('order_id', '=', orderId)
    .execute();
  return true;
}
