import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { shareText } from '../../domain/corporate-actions/terms.ts';
import { acted, appliedFields, ofAction } from './fields.ts';

export const apply = defineCommand({
  effect: 'write',
  repeat: 'resumes',
  phase: 4,
  args: ofAction,
  flags: {
    cashPrice: optional(parsed(shareText, 'RUPEES', 'for a whole new share, by which fractions are paid')),
  },
  fields: appliedFields,
  answer: acted('Applied'),
  examples: [
    'corporate-action apply act_01 --dry-run',
    'corporate-action apply act_01 --yes',
    'corporate-action apply act_01 --cash-price 900 --yes',
  ],
  details: `One transaction for every holder. A second time it books only what it has not booked: positions of history that was imported
since, and fractions whose price was not known. A split and a bonus of one ex-date are one step. Working orders of before the ex-date
are cancelled; while one is at the broker nothing is applied. Exit 6 where positions are left to a person; each is named.
corporate-action reverse takes it back.`,
  async run({ action, cashPrice }, ctx: Context) {
    const { applyAction } = await import('../../trading/corporate-actions/apply-action.ts');
    return applyAction(ctx, action, cashPrice);
  },
});
