import { defineCommand } from '../../cli/command.ts';
import { choice, day, optional, parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ACTION_TYPES } from '../../domain/corporate-actions/action.ts';
import { ratioText } from '../../domain/corporate-actions/ratio.ts';
import { percentText, shareText, termsProblem, thresholdText } from '../../domain/corporate-actions/terms.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { actionFields } from './fields.ts';

export const add = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 4,
  args: {
    type: choice(ACTION_TYPES, 'TYPE', 'what the company does'),
    symbol: parsed(tradingSymbol, 'SYMBOL', 'the share'),
  },
  flags: {
    exDate: day('the first trading day without the right'),
    ratio: optional(
      parsed(ratioText, 'NEW:OLD', 'new shares for those that are held; of a bonus those that are added'),
    ),
    to: optional(parsed(tradingSymbol, 'SYMBOL', 'of what is demerged, of the acquirer, or the new name')),
    amount: optional(parsed(shareText, 'RUPEES', 'a share: the dividend, or the price of the rights')),
    cashPrice: optional(parsed(shareText, 'RUPEES', 'for a whole new share, by which fractions are paid')),
    costPercent: optional(parsed(percentText, 'PERCENT', 'how much of the cost goes to what is demerged')),
    tdsPercent: optional(parsed(percentText, 'PERCENT', 'the tax that is deducted of a dividend')),
    tdsAbove: optional(parsed(thresholdText, 'RUPEES', 'only of users whose dividend is above it')),
    source: optional(text('TEXT', 'where it is announced', 500)),
  },
  fields: actionFields,
  answer: ({ action_id, type, symbol, ex_date, status }) => ({
    done: `Added ${action_id}: ${type} of ${symbol} on ${ex_date} (${status})`,
    next: ['corporate-action', 'plan', action_id],
  }),
  examples: [
    'corporate-action add split RELIANCE --ex-date 2026-01-05 --ratio 5:1',
    'corporate-action add bonus TCS --ex-date 2026-01-05 --ratio 1:3 --cash-price 900',
    'corporate-action add dividend ITC --ex-date 2026-01-05 --amount 6.5 --tds-percent 10 --tds-above 10000',
    'corporate-action add demerger ITC --ex-date 2026-01-05 --ratio 1:10 --to ITCHOTELS --cost-percent 13.51',
  ],
  details: `Puts it on record; nothing of the book changes before corporate-action apply. A ratio is NEW:OLD: a split 5:1 makes five shares
of one, a bonus 1:3 adds one to three, a demerger or merger 1:10 gives one of --to for ten. The same again is the same; with other terms
it is refused (ACTION_CONFLICT): reverse the one that is wrong.`,
  async run(input, ctx: Context) {
    const terms = {
      type: input.type,
      symbol: input.symbol,
      new_symbol: input.to ?? null,
      ex_date: input.exDate,
      ratio: input.ratio ?? null,
      amount: input.amount ?? null,
      cash_price: input.cashPrice ?? null,
      cost_percent: input.costPercent ?? null,
      tds_percent: input.tdsPercent ?? null,
      tds_above: input.tdsAbove ?? null,
    };
    const problem = termsProblem(terms);
    if (problem !== undefined) throw usage(problem);
    const { addAction } = await import('../../trading/corporate-actions/add-action.ts');
    return addAction(ctx, terms, input.source ?? '');
  },
});
