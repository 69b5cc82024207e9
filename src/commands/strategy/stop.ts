import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { changeStatus } from '../../trading/strategies/change-status.ts';
import { activationFields, turned } from './fields.ts';

export const stop = defineCommand({
  effect: 'write',
  phase: 2,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: { user: parsed(userId, 'USER', 'the user') },
  fields: activationFields,
  answer: turned('Stopped'),
  examples: ['strategy stop rsi_dmi --user trader_001'],
  details:
    'It takes no new orders of the user, except those that reduce a position, and its allocation is free again. Working orders and positions stay unchanged. Only strategy activate starts it again.',
  run: ({ strategy, user }, ctx: Context) => changeStatus(ctx, user, strategy, 'STOPPED'),
});
