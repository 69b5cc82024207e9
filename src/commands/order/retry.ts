import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { answered } from './answers.ts';
import { orderFields } from './fields.ts';

export const retry = defineCommand({
  effect: 'write',
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: {},
  fields: { ...orderFields, retry_count: { type: 'integer' } },
  answer: answered('Placed again'),
  examples: ['order retry ord_01'],
  details: `A REJECTED order becomes PENDING again, with its terms unchanged and retry_count one higher: the order manager sends it
again. It must pass the same pre-trade checks as a new order, but does not count as another order of the day.`,
  async run({ order }, ctx: Context) {
    const { retryOrder } = await import('../../trading/orders/broker-answers.ts');
    return retryOrder(ctx, order);
  },
});
