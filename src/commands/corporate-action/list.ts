import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ACTION_STATUSES } from '../../domain/corporate-actions/action.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { actionFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 4,
  args: {},
  flags: {
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'of this share, as the old or the new one')),
    status: optional(choice(ACTION_STATUSES, 'STATUS', 'in this state')),
  },
  fields: actionFields,
  madeBy: 'corporate-action add',
  examples: ['corporate-action list', 'corporate-action list --symbol RELIANCE --status APPLIED'],
  details:
    'The latest ex-date comes first. per_share is rupees: of a dividend what is paid, of rights what is asked.',
  async run(input, ctx: Context) {
    const { listActions } = await import('../../trading/corporate-actions/list-actions.ts');
    return listActions(ctx, input);
  },
});
