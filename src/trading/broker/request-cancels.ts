import type { Context } from '../../context.ts';
import type { PlacedOrder } from '../../domain/broker.ts';
import type { OrderId } from '../../domain/id.ts';
import { assertTransition } from '../../domain/order-state.ts';
import { refused } from '../../util/failure.ts';
import { findOrder, findOrders, type Order } from '../ledger/order-store.ts';
import { cancelOrder } from '../orders/cancel-order.ts';
import { type Asked, callBroker } from './call-broker.ts';
import { forEachTrader } from './for-each-trader.ts';
import { attemptsOf, unresolved } from './journal.ts';
import { orderBooks, placedOrder } from './working-orders.ts';

/**
 * Asks the broker to cancel orders. An order that it accepted the request for keeps its state until `broker sync` brings
 * the answer of the exchange; one that never went out is cancelled here at once. Throws what an only order meets.
 */
export async function requestCancels(ctx: Context, ids: readonly OrderId[]): Promise<Asked[]> {
  const db = await ctx.db();
  const [only] = ids;
  const orders = ids.length === 1 && only ? [await findOrder(db, only)] : await findOrders(db, ids);
  const bookOf = orderBooks();
  return forEachTrader(ctx, orders, {
    each: async (broker, order) => {
      if (order.broker_order_id === '') return cancelUnsent(ctx, order);
      const theirs = await bookOf(broker);
      return callBroker<PlacedOrder>(ctx, broker, {
        order_id: order.order_id,
        verb: 'cancel',
        prepare: async (trx, before) => {
          assertTransition(before, 'CANCELLED');
          return placedOrder(trx, before, theirs);
        },
        call: broker.cancel,
        settle: async () => undefined,
      });
    },
    failed: (order, failure) => ({ order, outcome: 'skipped', detail: failure.message }),
  });
}

/** Cancels an order here that no broker has; refuses one that may be there all the same. */
async function cancelUnsent(ctx: Context, order: Order): Promise<Asked> {
  const { order_id, user_id } = order;
  const cancelled = await cancelOrder(ctx, order_id, async (trx, before) => {
    const { open } = await attemptsOf(trx.db, order_id);
    // Another process may have sent it meanwhile.
    if (open > 0 || before.broker_order_id !== '') throw unresolved(order_id, user_id);
    if (before.status !== 'PENDING')
      throw refused(
        'NOT_AT_BROKER',
        `Order ${order_id} is ${before.status} and has no id of the broker.`,
        `To cancel it here alone: pinnacle order cancel ${order_id}`,
      );
  });
  return { order: cancelled, outcome: 'accepted', detail: '' };
}
