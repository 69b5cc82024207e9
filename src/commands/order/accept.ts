import { defineCommand } from '../../cli/command.ts';
import { parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { answered } from './answers.ts';
import { orderFields } from './fields.ts';

export const accept = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: { brokerOrderId: text('ID', "the broker's id of the order", 100) },
  fields: orderFields,
  answer: answered('Accepted'),
  examples: ['order accept ord_01 --broker-order-id 260130000123'],
  details: 'The order becomes PLACED. Repeating the same acceptance changes nothing and ends 0.',
  async run({ order, brokerOrderId }, ctx: Context) {
    const { acceptOrder } = await import('../../trading/orders/broker-answers.ts');
    return acceptOrder(ctx, order, brokerOrderId);
  },
});
