import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { findUser } from '../../trading/users/store.ts';
import { requireOrder } from '../_shared/days.ts';
import { daysFlags, ofUser } from './flow-fields.ts';

export const flowTotals = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 4,
  args: ofUser,
  flags: daysFlags,
  fields: { kind: { type: 'text' }, flows: { type: 'integer' }, amount: { type: 'money' } },
  madeBy: 'user deposit',
  examples: [
    'user flow-totals trader_001',
    'user flow-totals trader_001 --since 2026-04-01 --until 2027-03-31',
  ],
  details: 'A correction counts to the kind that it counters.',
  async run({ user, since, until }, ctx: Context) {
    requireOrder({ since, until });
    const { sumFlows } = await import('../../trading/flows/list-flows.ts');
    const source = await ctx.source();
    await findUser(source.db, user);
    return sumFlows(source, { user, since, until });
  },
});
