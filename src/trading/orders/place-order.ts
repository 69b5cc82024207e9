import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type OrderId } from '../../domain/id.ts';
import { triggerProblem } from '../../domain/order-checks.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { usage } from '../../util/failure.ts';
import { checkExchange } from '../instruments/check-order.ts';
import { insertOrder, type NewOrder } from '../ledger/insert-orders.ts';
import type { Order } from '../ledger/order-store.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { checkTick } from './check-tick.ts';
import { type NamedTerms, writeTerms } from './order-terms.ts';
import { preTradeInputs } from './pre-trade-inputs.ts';

/**
 * An order to place. An omitted id is generated; an omitted price is the fresh quote in Redis, if there is one. Product,
 * exchange and trigger need step 8 of phase 4.
 */
export interface OrderRequest
  extends Omit<NewOrder, 'order_id' | 'price' | 'created_at'>,
    Partial<NamedTerms> {
  order_id: OrderId | undefined;
  /** Rupees per share. */
  price: number | undefined;
}

/**
 * Places an order that passes the pre-trade check and, where order.checks says so, what the exchange would refuse. Throws
 * their refusals, USER_NOT_FOUND, STRATEGY_NOT_FOUND, ORDER_EXISTS, PHASE_NEEDED, and a usage error for a trigger that fits
 * nothing.
 */
export async function placeOrder(ctx: Context, request: OrderRequest): Promise<Order & Partial<NamedTerms>> {
  const { price, order_id, exchange = null, trigger_price = null, ...rest } = request;
  const terms = { exchange, trigger_price };
  const isNamed = exchange !== null || trigger_price !== null;
  if (isNamed || rest.product) needStep(await ctx.source(), BROKER_SINCE_STEP);
  await checkTick(price, ctx);
  await checkTick(trigger_price ?? undefined, ctx);
  const problem = triggerProblem({ ...rest, price: price ?? 0, trigger_price });
  if (problem !== undefined) throw usage(problem);
  const inputs = { ...rest, exchange };
  const { clock, quote, facts } = await preTradeInputs(
    ctx,
    inputs,
    price === undefined ? ctx.io.say : undefined,
  );
  const order = {
    ...rest,
    order_id: order_id ?? mintId('ord', new Date(clock.now)),
    price: price ?? quote,
    created_at: clock.now,
  };
  await checkExchange(ctx, facts, { ...order, trigger_price }, clock.now);
  return ctx.change(async (trx) => {
    await checkPreTrade(trx, order, clock, { quote });
    const placed = await insertOrder(trx, order);
    await writeTerms(trx, order.order_id, terms);
    const result = isNamed ? { ...placed, ...terms } : placed;
    return changed(result, auditTarget('order', order.order_id), { order: result });
  });
}
