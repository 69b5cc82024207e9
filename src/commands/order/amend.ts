import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, price, shares, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { PRODUCTS } from '../../domain/enums.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import { orderId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { answered } from './answers.ts';
import { amendAtBroker, asksBroker, sendableFields } from './asked.ts';

export const amend = defineCommand({
  effect: 'write',
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: {
    quantity: optional(shares('the new total quantity, filled shares included')),
    price: optional(price('rupees per share: the limit or trigger')),
    triggerPrice: optional(
      price('rupees per share: the trigger of a STOP_LOSS order, whose price is then its limit'),
    ),
    product: optional(choice(PRODUCTS, 'PRODUCT', 'how the broker carries the position; before it is sent')),
    exchange: optional(choice(EXCHANGES, 'EXCHANGE', 'the exchange or segment; before it is sent')),
    send: toggle('ask the broker first, and change the book once it accepts'),
  },
  fields: sendableFields,
  answer: answered('Amended'),
  examples: ['order amend ord_01 --price 2440', 'order amend ord_01 --quantity 20 --price 2440'],
  details:
    'For a working order. The new quantity must be more than the filled quantity; to give up the rest, cancel the order. Without --send only the book is amended.',
  async run({ order, send, triggerPrice: trigger_price, ...terms }, ctx: Context) {
    if (Object.values({ ...terms, trigger_price }).every((term) => term === undefined))
      throw usage('Nothing to amend: give --quantity, --price or another term.');
    const request = { order_id: order, ...terms, trigger_price };
    if (asksBroker(ctx, send)) return amendAtBroker(ctx, request);
    const { amendOrder } = await import('../../trading/orders/amend-order.ts');
    return amendOrder(ctx, request);
  },
});
