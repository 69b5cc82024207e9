import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId } from '../../domain/id.ts';
import { setStrategyEnabled } from '../../trading/strategies/set-enabled.ts';
import { strategyFields } from './fields.ts';

export const enable = defineCommand({
  effect: 'write',
  phase: 1,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: {},
  fields: strategyFields,
  examples: ['strategy enable rsi_dmi'],
  details: 'Traders who had it ACTIVE run it again at once; one who paused or stopped it does not.',
  run: ({ strategy }, ctx: Context) => setStrategyEnabled(ctx, strategy, true),
});
