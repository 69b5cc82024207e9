import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { changeStatus } from '../../trading/strategies/change-status.ts';
import { activationFields, turned } from './fields.ts';

export const resume = defineCommand({
  effect: 'write',
  phase: 2,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: { user: parsed(userId, 'USER', 'the user') },
  fields: activationFields,
  answer: turned('Resumed'),
  examples: ['strategy resume rsi_dmi --user trader_001'],
  details:
    'For a strategy that is PAUSED. Refused while the strategy or the user is disabled, or trading is halted.',
  run: ({ strategy, user }, ctx: Context) => changeStatus(ctx, user, strategy, 'ACTIVE'),
});
