import { defineCommand } from '../../cli/command.ts';
import { text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { acted, appliedFields, ofAction } from './fields.ts';

export const reverse = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 4,
  args: ofAction,
  flags: { reason: text('REASON', 'why it is taken back', 500) },
  fields: appliedFields,
  answer: acted('Reversed'),
  examples: ['corporate-action reverse act_01 --reason "the ratio was corrected" --yes'],
  details: `Every position is what it was, and what was paid is countered; one that was only on record is withdrawn. Refused once a position was
traded, or changed by another action, since (ACTION_BUILT_ON). Orders that it cancelled stay cancelled. Add it anew to apply it with
other terms.`,
  async run({ action, reason }, ctx: Context) {
    const { reverseAction } = await import('../../trading/corporate-actions/reverse-action.ts');
    return reverseAction(ctx, action, reason);
  },
});
