import { unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import { assertTransition } from '../../domain/order-state.ts';
import { refused } from '../../util/failure.ts';
import { changeOrder, findOrder, lockOrder, type Order } from '../ledger/order-store.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { checkTick } from './check-tick.ts';
import { preTradeInputs } from './pre-trade-inputs.ts';

/** Omitted terms do not change. */
export interface AmendRequest {
  order_id: OrderId;
  /** The total quantity, including what is filled. */
  quantity: number | undefined;
  /** Rupees per share. */
  price: number | undefined;
}

/**
 * Changes the terms of a working order; the same terms change nothing. An increase must pass the pre-trade check.
 * Throws ORDER_NOT_FOUND, ORDER_STATE, ALREADY_FILLED and the errors of the check.
 */
export async function amendOrder(ctx: Context, { order_id, quantity, price }: AmendRequest): Promise<Order> {
  await checkTick(price, ctx);
  const { clock, quote } = await preTradeInputs(ctx, await findOrder(await ctx.db(), order_id));
  return ctx.change(async (trx) => {
    const before = await lockOrder(trx, order_id);
    const terms = { quantity: quantity ?? before.quantity, price: price ?? before.price };
    if (terms.quantity === before.quantity && terms.price === before.price) return unchanged(before);
    // An order may be amended in the same states in which it may be cancelled: while it is working.
    assertTransition(before, 'CANCELLED', 'an amendment');
    if (terms.quantity <= before.filled_quantity)
      throw refused(
        'ALREADY_FILLED',
        `Order ${order_id} already has ${before.filled_quantity} filled; its quantity cannot be reduced to ${terms.quantity}.`,
        `To give up the rest: pinnacle order cancel ${order_id}`,
      );
    const isLess = terms.quantity <= before.quantity && terms.price <= before.price;
    const rest = terms.quantity - before.filled_quantity;
    if (!isLess)
      await checkPreTrade(trx, { ...before, ...terms, quantity: rest }, clock, {
        quote,
        replacing: order_id,
      });
    return changeOrder(trx, before, { ...terms, updated_at: clock.now });
  });
}
