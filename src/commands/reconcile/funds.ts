import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { differenceFields } from './fields.ts';
import { reconcileFlags, traderUnlessAll } from './flags.ts';

export const funds = defineCommand({
  effect: 'write',
  multiStep: true,
  entries: 'each',
  repeat: 'resumes',
  phase: 4,
  verdict: true,
  args: { user: traderUnlessAll },
  flags: reconcileFlags,
  fields: differenceFields,
  examples: ['reconcile funds trader_001'],
  details: `Compares the capital with what is free at the broker, or free and utilised, to the paisa. It is shown and never
repaired: the capital is that of the ledger. Ends 0, 6 or 7 as reconcile orders.`,
  async run({ user, all, apply = [] }, ctx: Context) {
    const { reconcile } = await import('../../trading/broker/reconcile.ts');
    return reconcile(ctx, { user, all, apply, scope: 'funds' });
  },
});
