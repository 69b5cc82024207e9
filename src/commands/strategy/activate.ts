import { defineCommand } from '../../cli/command.ts';
import { json, money, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { activationFields, turned } from './fields.ts';

export const activate = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: {
    user: parsed(userId, 'USER', 'the user'),
    allocation: optional(money('RUPEES', 'the capital set aside for it; 0 sets none aside')),
    parameters: optional(json('JSON', 'values that override its parameters for this user, a JSON object')),
  },
  fields: activationFields,
  answer: turned('Activated'),
  examples: [
    'strategy activate rsi_dmi --user trader_001 --allocation 250000',
    `strategy activate rsi_dmi --user trader_001 --parameters '{"rsi_period":21}'`,
  ],
  details: `The allocation must be within the user's free capital: the total minus the allocations of strategies that are ACTIVE or
PAUSED. The allocation, or without one the free capital, must be at least the min_capital of the strategy. --parameters
replaces all earlier overrides of the user; '{}' overrides nothing.
For a strategy that is already active, only the given allocation and parameters change.`,
  async run({ strategy, user, allocation, parameters }, ctx: Context) {
    const { activateStrategy } = await import('../../trading/strategies/activate-strategy.ts');
    return activateStrategy(ctx, strategy, user, { allocation, parameters });
  },
});
