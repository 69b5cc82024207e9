import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { differenceFields } from './fields.ts';
import { reconcileFlags, traderUnlessAll } from './flags.ts';

export const orders = defineCommand({
  effect: 'write',
  multiStep: true,
  entries: 'each',
  repeat: 'resumes',
  phase: 4,
  verdict: true,
  args: { user: traderUnlessAll },
  flags: reconcileFlags,
  fields: differenceFields,
  examples: [
    'reconcile orders trader_001',
    'reconcile orders --all --json class,order_id,ours,theirs',
    'reconcile orders trader_001 --apply ORDER_UNACKNOWLEDGED,FILL_MISSING,ORDER_STATUS --yes',
  ],
  details: `Compares orders and their executions with the order and trade book of the broker, one row per difference; changes
nothing without --apply. Ends 0 where there is none, 6 where some remain, 7 where a book of the broker did not come: nothing is
concluded from that one. --apply repairs ORDER_UNACKNOWLEDGED, FILL_MISSING, ORDER_STATUS, ORDER_EXPIRED and ORDER_UNKNOWN_AT_BROKER,
in one transaction per trader, and refuses every other class. A second run finds nothing of what was repaired.`,
  async run({ user, all, apply = [] }, ctx: Context) {
    const { reconcile } = await import('../../trading/broker/reconcile.ts');
    return reconcile(ctx, { user, all, apply, scope: 'orders' });
  },
});
