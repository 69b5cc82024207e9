import { unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import { assertTransition } from '../../domain/order-state.ts';
import { refused } from '../../util/failure.ts';
import { changeOrder, findOrder, lockOrder, type Order } from '../ledger/order-store.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { checkTick } from './check-tick.ts';
import { type PreTradeInputs, preTradeInputs } from './pre-trade-inputs.ts';

/** Omitted terms do not change. */
export interface AmendRequest {
  order_id: OrderId;
  /** The total quantity, including what is filled. */
  quantity: number | undefined;
  /** Rupees per share. */
  price: number | undefined;
}

/** The terms of an order after an amendment; price in rupees per share. */
export type Terms = Pick<Order, 'quantity' | 'price'>;

/**
 * Changes the terms of a working order; the same terms change nothing. An increase must pass the pre-trade check.
 * Throws ORDER_NOT_FOUND, ORDER_STATE, ALREADY_FILLED and the errors of the check.
 */
export async function amendOrder(ctx: Context, request: AmendRequest): Promise<Order> {
  await checkTick(request.price, ctx);
  const inputs = await preTradeInputs(ctx, await findOrder(await ctx.db(), request.order_id));
  return ctx.change(async (trx) => {
    const before = await lockOrder(trx, request.order_id);
    const terms = await amendedTerms(trx, before, request, inputs);
    if (!terms) return unchanged(before);
    return changeOrder(trx, before, { ...terms, updated_at: inputs.clock.now });
  });
}

/** The terms of a locked order after an amendment that it can take; undefined where they are the same. Throws as `amendOrder`. */
export async function amendedTerms(
  trx: Trx,
  before: Order,
  { order_id, quantity, price }: AmendRequest,
  { clock, quote }: PreTradeInputs,
): Promise<Terms | undefined> {
  const terms = { quantity: quantity ?? before.quantity, price: price ?? before.price };
  if (terms.quantity === before.quantity && terms.price === before.price) return undefined;
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
  return terms;
}
