import { defineCommand } from '../../cli/command.ts';
import { identifier, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { formatRupees } from '../../domain/money.ts';
import { moved, movedFields } from './flow-fields.ts';

export const reverse = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 4,
  args: { flow: identifier('FLOW', 'the movement of money') },
  flags: { reason: text('REASON', 'why it is countered', 500) },
  fields: movedFields,
  answer: moved('Reversed'),
  examples: ['user reverse-flow flo_01 --reason "never arrived" --yes'],
  details: `Nothing that is booked is changed: a correction of the same amount and day is booked against it, once. Its reference is not
booked again (FLOW_REVERSED). A correction is not itself countered. The capital may fall below what is free, or below zero.`,
  async run({ flow, reason }, ctx: Context) {
    const { findReversible, reverseFlow } = await import('../../trading/flows/reverse-flow.ts');
    const { kind, amount, day, user_id } = await findReversible(await ctx.source(), flow);
    await ctx.confirm(`This counters the ${kind} of ${formatRupees(amount)} of ${user_id} on ${day}.`);
    return reverseFlow(ctx, flow, reason);
  },
});
