import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type OrderId } from '../../domain/id.ts';
import { insertOrder, type NewOrder } from '../ledger/insert-orders.ts';
import type { Order } from '../ledger/order-store.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { checkTick } from './check-tick.ts';
import { preTradeInputs } from './pre-trade-inputs.ts';

/** An order to place. An omitted id is generated; an omitted price is the fresh quote in Redis, if there is one. */
export interface OrderRequest extends Omit<NewOrder, 'order_id' | 'price' | 'created_at'> {
  order_id: OrderId | undefined;
  /** Rupees per share. */
  price: number | undefined;
}

/** Places an order that passes the pre-trade check. Throws its refusals, USER_NOT_FOUND, STRATEGY_NOT_FOUND, ORDER_EXISTS. */
export async function placeOrder(ctx: Context, request: OrderRequest): Promise<Order> {
  await checkTick(request.price, ctx);
  const { price, order_id } = request;
  const { clock, quote } = await preTradeInputs(ctx, request, price === undefined ? ctx.io.say : undefined);
  const order = {
    ...request,
    order_id: order_id ?? mintId('ord', new Date(clock.now)),
    price: price ?? quote,
    created_at: clock.now,
  };
  return ctx.change(async (trx) => {
    await checkPreTrade(trx, order, clock, { quote });
    const placed = await insertOrder(trx, order);
    return changed(placed, auditTarget('order', order.order_id), { order: placed });
  });
}
