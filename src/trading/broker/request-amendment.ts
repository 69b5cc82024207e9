import type { Context } from '../../context.ts';
import type { PlacedOrder } from '../../domain/broker.ts';
import type { OrderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { usage } from '../../util/failure.ts';
import { findInstruments } from '../instruments/find-instrument.ts';
import { changeOrder, findOrder } from '../ledger/order-store.ts';
import { type AmendRequest, amendedTerms, type Terms } from '../orders/amend-order.ts';
import { checkTick } from '../orders/check-tick.ts';
import { preTradeInputs } from '../orders/pre-trade-inputs.ts';
import { type Asked, callBroker } from './call-broker.ts';
import { openBroker } from './open-broker.ts';
import { orderBookOf, placedOrder } from './working-orders.ts';

/**
 * Asks the broker to change the terms of an order, and changes them here once it accepted. Throws ORDER_NOT_FOUND,
 * NOT_AT_BROKER and what an amendment refuses.
 */
export async function requestAmendment(ctx: Context, request: AmendRequest): Promise<Asked> {
  await checkTick(request.price, ctx);
  const found = await findOrder(await ctx.db(), request.order_id);
  const broker = await openBroker(ctx, found.user_id);
  const [book, inputs] = await Promise.all([orderBookOf(broker)(), preTradeInputs(ctx, found)]);
  let terms: Terms | undefined;
  return callBroker<PlacedOrder>(ctx, {
    order_id: request.order_id,
    verb: 'modify',
    prepare: async (trx, before) => {
      terms = await amendedTerms(trx, before, request, inputs);
      if (!terms) throw sameTerms(before.order_id);
      const theirs = book.get(before.broker_order_id);
      const [instrument] = await findInstruments(trx, [
        { symbol: theirs?.symbol ?? before.symbol, exchange: theirs?.exchange ?? '' },
      ]);
      const placed = placedOrder(before, book, instrument ?? { tradingSymbol: before.symbol, token: '' });
      const isStop = before.order_type === 'STOP_LOSS' && placed.price === 0;
      return {
        ...placed,
        quantity: terms.quantity,
        ...(isStop ? { trigger_price: terms.price } : { price: terms.price }),
      };
    },
    call: broker.modify,
    settle: async (trx, before, answer) =>
      answer.outcome === 'accepted' && terms
        ? changeOrder(trx, before, { ...terms, updated_at: instant(ctx.now()) })
        : undefined,
  });
}

const sameTerms = (orderId: OrderId) =>
  usage(`Order ${orderId} has these terms already: there is nothing to ask the broker for.`);
