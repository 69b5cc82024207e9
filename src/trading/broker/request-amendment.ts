import type { Context } from '../../context.ts';
import type { PlacedOrder } from '../../domain/broker.ts';
import { usage } from '../../util/failure.ts';
import { type Amendment, type AmendRequest, openAmendment, writeAmendment } from '../orders/amend-order.ts';
import { type Asked, callBroker } from './call-broker.ts';
import { openBroker } from './open-broker.ts';
import { orderBooks, placedOrder } from './working-orders.ts';

/**
 * Asks the broker to change the terms of an order, and changes them here once it accepted. Throws ORDER_NOT_FOUND,
 * NOT_AT_BROKER and what an amendment refuses.
 */
export async function requestAmendment(ctx: Context, request: AmendRequest): Promise<Asked> {
  const { check, order } = await openAmendment(ctx, request);
  const broker = await openBroker(ctx, order.user_id);
  const book = await orderBooks()(broker);
  let amendment: Amendment | undefined;
  return callBroker<PlacedOrder>(ctx, broker, {
    order_id: request.order_id,
    verb: 'modify',
    prepare: async (trx, before) => {
      amendment = await check(trx, before);
      if (!amendment.differs)
        throw usage(
          `Order ${before.order_id} has these terms already: there is nothing to ask the broker for.`,
        );
      const placed = await placedOrder(trx, before, book);
      const { quantity, price } = amendment.terms;
      const trigger = amendment.named.after.trigger_price;
      if (before.order_type !== 'STOP_LOSS') return { ...placed, quantity, price };
      // A stop without a trigger of its own has it in its price.
      return trigger === null
        ? { ...placed, quantity, price: 0, trigger_price: price }
        : { ...placed, quantity, price, trigger_price: trigger };
    },
    call: broker.modify,
    settle: async (trx, before, answer) =>
      answer.outcome === 'accepted' && amendment ? writeAmendment(trx, before, amendment) : undefined,
  });
}
