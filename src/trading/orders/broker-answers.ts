import { unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { rejectNotice } from '../../domain/notices.ts';
import { assertTransition } from '../../domain/order-state.ts';
import { checkExchange } from '../instruments/check-order.ts';
import { changeOrder, findOrder, lockOrder, type Order } from '../ledger/order-store.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { triggerOf } from './order-terms.ts';
import { preTradeInputs } from './pre-trade-inputs.ts';

/**
 * Records that the broker accepted an order: it is PLACED. The same acceptance again changes nothing.
 * Throws ORDER_NOT_FOUND and ORDER_STATE.
 */
export function acceptOrder(ctx: Context, orderId: OrderId, brokerOrderId: string): Promise<Order> {
  return ctx.change(async (trx) => {
    const before = await lockOrder(trx, orderId);
    if (before.status === 'PLACED' && before.broker_order_id === brokerOrderId) return unchanged(before);
    assertTransition(before, 'PLACED');
    return changeOrder(trx, before, {
      status: 'PLACED',
      broker_order_id: brokerOrderId,
      updated_at: instant(ctx.now()),
    });
  });
}

/**
 * Records that the broker rejected an order, and notifies its user. A rejected order does not change.
 * Throws ORDER_NOT_FOUND and ORDER_STATE.
 */
export function rejectOrder(ctx: Context, orderId: OrderId, reason: string): Promise<Order> {
  const at = instant(ctx.now());
  return ctx.change(async (trx) => {
    const before = await lockOrder(trx, orderId);
    if (before.status === 'REJECTED') return unchanged(before);
    assertTransition(before, 'REJECTED');
    await insertNotifications(trx, at, [rejectNotice(before, reason)]);
    return changeOrder(trx, before, { status: 'REJECTED', error_message: reason, updated_at: at });
  });
}

/**
 * Makes a rejected order PENDING again, with its terms unchanged, if it passes the pre-trade check and, where order.checks
 * says so, what the exchange would refuse. Throws ORDER_NOT_FOUND, ORDER_STATE and the errors of the checks.
 */
export async function retryOrder(ctx: Context, orderId: OrderId): Promise<Order> {
  const known = await findOrder(await ctx.db(), orderId);
  assertTransition(known, 'PENDING');
  const { clock, quote, facts } = await preTradeInputs(ctx, known);
  const trigger_price = await triggerOf(ctx, known);
  await checkExchange(ctx, facts, { ...known, trigger_price }, clock.now);
  return ctx.change(async (trx) => {
    const before = await lockOrder(trx, orderId);
    assertTransition(before, 'PENDING');
    await checkPreTrade(trx, before, clock, { quote, replacing: orderId });
    return changeOrder(trx, before, {
      status: 'PENDING',
      retry_count: before.retry_count + 1,
      broker_order_id: '',
      error_message: '',
      updated_at: clock.now,
    });
  });
}
