import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type OrderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { insertOrder, type NewOrder } from '../ledger/insert-orders.ts';
import { findOrder, type Order } from '../ledger/order-store.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { tradingDayOf } from '../risk/trading-day.ts';

/** An order to place. An omitted id is generated; an omitted price is the fresh quote in Redis, if there is one. */
export interface OrderRequest extends Omit<NewOrder, 'order_id' | 'price' | 'created_at'> {
  order_id: OrderId | undefined;
  /** Rupees per share. */
  price: number | undefined;
}

/** Places an order that passes the pre-trade check. Throws its refusals, USER_NOT_FOUND, STRATEGY_NOT_FOUND, ORDER_EXISTS. */
export async function placeOrder(ctx: Context, request: OrderRequest): Promise<Order> {
  const now = ctx.now();
  const clock = await tradingDayOf(now, ctx);
  const order = {
    ...request,
    order_id: request.order_id ?? mintId('ord', now),
    price: request.price ?? (await cachedPrice(request.symbol, ctx)),
    created_at: instant(now),
  };
  return ctx.change(async (trx) => {
    await checkPreTrade(trx, order, clock);
    await insertOrder(trx, order);
    const placed = await findOrder(trx.db, order.order_id);
    return changed(placed, auditTarget('order', order.order_id), { order: placed });
  });
}

/** Rupees per share; 0, which means none, without Redis or a fresh quote. */
async function cachedPrice(symbol: TradingSymbol, ctx: Context): Promise<number> {
  const { redis } = await ctx.config();
  if (!redis) return 0;
  const { referencePrice } = await import('../quotes/reference-price.ts');
  return referencePrice(symbol, redis.timeoutMs, ctx);
}
