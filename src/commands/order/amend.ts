import { defineCommand } from '../../cli/command.ts';
import { decimal, integer, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { changeOrder, lockOrder } from '../../trading/orders/store.ts';
import { tradingDayOf } from '../../trading/risk/trading-day.ts';
import { refused, usage } from '../../util/failure.ts';
import { orderFields } from './fields.ts';

export const amend = defineCommand({
  effect: 'write',
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: {
    quantity: optional(integer('SHARES', 'the whole quantity from now on, what is filled included')),
    price: optional(decimal('PRICE', 'rupees a share: the limit or trigger', 0.01, 1e9)),
  },
  fields: orderFields,
  examples: ['order amend ord_01 --price 2440', 'order amend ord_01 --quantity 20 --price 2440'],
  details:
    'For a working order. The new quantity must be more than what is filled: to give up the rest, cancel it. The book is amended, not the broker: send the same to him.',
  async run({ order, quantity, price }, ctx: Context) {
    if (quantity === undefined && price === undefined)
      throw usage('Nothing to amend: give --quantity, --price or both.');
    const [{ requireTransition }, { checkPreTrade }] = await Promise.all([
      import('../../trading/ledger/refusals.ts'),
      import('../../trading/risk/pre-trade.ts'),
    ]);
    const now = ctx.now();
    const clock = await tradingDayOf(now, ctx);
    return ctx.change(async (trx) => {
      const before = await lockOrder(trx, order);
      const terms = { quantity: quantity ?? before.quantity, price: price ?? before.price };
      if (terms.quantity === before.quantity && terms.price === before.price)
        return { result: before, audit: null };
      // What may be cancelled is working, and only what is working can be amended.
      requireTransition(before, 'CANCELLED', 'an amendment');
      if (terms.quantity <= before.filled_quantity)
        throw refused(
          'ALREADY_FILLED',
          `Of order ${order} ${before.filled_quantity} are filled; its quantity cannot become ${terms.quantity}.`,
          `To give up the rest: pinnacle order cancel ${order}`,
        );
      const less = terms.quantity <= before.quantity && terms.price <= before.price;
      const rest = terms.quantity - before.filled_quantity;
      if (!less)
        await checkPreTrade(trx, { ...before, ...terms, quantity: rest }, clock, { replacing: order });
      return changeOrder(trx, before, { ...terms, updated_at: instant(now) });
    });
  },
});
