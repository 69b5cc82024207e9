import { defineCommand } from '../../cli/command.ts';
import { parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { answered } from './answers.ts';
import { orderFields } from './fields.ts';

export const reject = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: { reason: text('REASON', 'the reason given by the broker', 1_000) },
  fields: { ...orderFields, error_message: { type: 'text' } },
  answer: answered('Rejected'),
  examples: ['order reject ord_01 --reason "margin shortfall"'],
  details: 'For an order without fills. The user is notified. Rejecting a rejected order changes nothing.',
  async run({ order, reason }, ctx: Context) {
    const { rejectOrder } = await import('../../trading/orders/broker-answers.ts');
    return rejectOrder(ctx, order, reason);
  },
});
