import { defineCommand } from '../../cli/command.ts';
import { decimal, integer, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
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
    const { amendOrder } = await import('../../trading/orders/amend-order.ts');
    return amendOrder(ctx, { order_id: order, quantity, price });
  },
});
