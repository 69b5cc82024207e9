import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { shareText } from '../../domain/corporate-actions/terms.ts';
import { ofAction } from './fields.ts';

export const plan = defineCommand({
  effect: 'read',
  phase: 4,
  args: ofAction,
  flags: {
    cashPrice: optional(parsed(shareText, 'RUPEES', 'for a whole new share, by which fractions are paid')),
  },
  fields: {
    user_id: { type: 'text' },
    strategy_id: { type: 'text' },
    product: { type: 'text', hidden: true },
    position_id: { type: 'text' },
    symbol: { type: 'text' },
    side: { type: 'text', kind: 'state' },
    quantity: { type: 'integer' },
    quantity_after: { type: 'integer' },
    average_price: { type: 'number', kind: 'price' },
    average_after: { type: 'number', kind: 'price' },
    other_symbol: { type: 'text' },
    other_quantity: { type: 'integer' },
    other_average: { type: 'number', kind: 'price' },
    fraction: { type: 'text' },
    entitled: { type: 'integer', hidden: true },
    cash: { type: 'money' },
    tds: { type: 'money', hidden: true },
    left: { type: 'text' },
  },
  examples: ['corporate-action plan act_01', 'corporate-action plan act_01 --cash-price 900 --json'],
  details: `A row for each position that held the share when the ex-date began, with what corporate-action apply would make of it; of one that
is applied, those that have it not yet. left says why a position is left to a person. Working orders of before the ex-date are
counted on stderr: apply cancels them.`,
  async run({ action, cashPrice }, ctx: Context) {
    const { planAction } = await import('../../trading/corporate-actions/apply-action.ts');
    return planAction(ctx, action, cashPrice);
  },
});
