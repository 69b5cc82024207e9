import { defineCommand } from '../cli/command.ts';
import { identifier } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { orderFields } from './columns.ts';
import { findOrder } from './store.ts';

export const cancel = defineCommand({
  effect: 'write',
  phase: 1,
  args: { order: identifier('ORDER', 'the order') },
  flags: {},
  fields: orderFields,
  examples: ['order cancel ord_01'],
  details: 'What is filled stays filled. Cancelling a cancelled order changes nothing and ends 0.',
  async run({ order }, ctx: Context) {
    const { cancelOrder } = await import('../ledger/cancel.ts');
    return ctx.change(async (trx) => {
      const before = await findOrder(trx, order);
      const cancelled = await cancelOrder(trx, order, ctx.now().toISOString());
      const after = await findOrder(trx, order);
      return {
        result: after,
        audit: cancelled
          ? {
              target: `order ${order}`,
              body: { before: before.status, after: after.status, filled: after.filled_quantity },
            }
          : null,
      };
    });
  },
});
