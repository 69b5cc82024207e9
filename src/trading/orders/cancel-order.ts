import { writeFurtherOrders } from '../../audit/further-orders.ts';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { assertTransition } from '../../domain/order-state.ts';
import { type CancelScope, cancelWorking, findWorking } from '../ledger/cancel-orders.ts';
import { changeOrder, findOrders, lockOrder, type Order } from '../ledger/order-store.ts';

/**
 * Cancels one order; an order that is already cancelled does not change. `check` looks at the locked order first, and throws
 * where it must not be cancelled. Throws ORDER_NOT_FOUND and ORDER_STATE.
 */
export function cancelOrder(
  ctx: Context,
  orderId: OrderId,
  check: (trx: Trx, before: Order) => Promise<void> = async () => {},
): Promise<Order> {
  return ctx.change(async (trx) => {
    const before = await lockOrder(trx, orderId);
    if (before.status === 'CANCELLED') return unchanged(before);
    await check(trx, before);
    assertTransition(before, 'CANCELLED');
    return changeOrder(trx, before, { status: 'CANCELLED', updated_at: instant(ctx.now()) });
  });
}

/** The orders that `cancelOrders` would cancel now. */
export async function findCancellable(ctx: Context, scope: CancelScope): Promise<OrderId[]> {
  return findWorking(await ctx.db(), scope);
}

/** Cancels every working order within a scope; returns them. */
export function cancelOrders(ctx: Context, scope: CancelScope): Promise<Order[]> {
  return ctx.change(async (trx) => {
    const ids = await cancelWorking(trx, scope, instant(ctx.now()));
    const orders = await findOrders(trx.db, ids);
    if (ids.length === 0) return unchanged(orders);
    const target = scope.user === undefined ? 'orders' : auditTarget('user', scope.user);
    await writeFurtherOrders(trx.db, ctx.origin, { target, body: { scope } }, ids);
    return changed(orders, target, { scope, cancelled: ids.length, orders: firstListed(ids) });
  });
}
