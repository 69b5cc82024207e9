import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { differenceFields } from './fields.ts';
import { reconcileFlags, traderUnlessAll } from './flags.ts';

export const positions = defineCommand({
  effect: 'write',
  multiStep: true,
  entries: 'each',
  repeat: 'resumes',
  phase: 4,
  verdict: true,
  args: { user: traderUnlessAll },
  flags: reconcileFlags,
  fields: differenceFields,
  examples: ['reconcile positions trader_001', 'reconcile positions --all --json'],
  details: `Compares open positions with those of the broker: signed shares over all strategies, by symbol and product, exactly, and
average prices within 0.01 %. Delivery is what was bought today and what is in the depository. What executions explain that are not booked
yet is no difference of its own. Nothing is repaired by --apply: see reconcile adopt. Ends 0, 6 or 7 as reconcile orders.`,
  async run({ user, all, apply = [] }, ctx: Context) {
    const { reconcile } = await import('../../trading/broker/reconcile.ts');
    return reconcile(ctx, { user, all, apply, scope: 'positions' });
  },
});
