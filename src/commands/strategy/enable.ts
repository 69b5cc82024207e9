import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId } from '../../domain/id.ts';
import { setStrategyEnabled } from '../../trading/strategies/set-enabled.ts';
import { changed, strategyFields } from './fields.ts';

export const enable = defineCommand({
  effect: 'write',
  phase: 1,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: {},
  fields: strategyFields,
  answer: changed('Enabled'),
  examples: ['strategy enable rsi_dmi'],
  details: 'Users who have it ACTIVE run it again at once; users who paused or stopped it do not.',
  run: ({ strategy }, ctx: Context) => setStrategyEnabled(ctx, strategy, true),
});
