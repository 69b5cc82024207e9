import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { type StrategyId, strategyId } from '../../domain/id.ts';
import { setStrategyEnabled } from '../../trading/strategies/set-enabled.ts';
import { pluralize } from '../../util/text.ts';
import { changed, strategyFields } from './fields.ts';

export const disable = defineCommand({
  effect: 'write',
  phase: 1,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: {},
  fields: strategyFields,
  answer: changed('Disabled'),
  examples: ['strategy disable rsi_dmi'],
  details: `It takes no new orders of any user, except those that reduce a position. Working orders, positions and allocations stay
unchanged.`,
  async run({ strategy }, ctx: Context) {
    const disabled = await setStrategyEnabled(ctx, strategy, false);
    const running = (await ctx.phase()) < 2 ? 0 : await countRunning(ctx, strategy);
    if (running > 0)
      await ctx.io.say(
        `${pluralize(running, 'user')} had it running: it takes no new orders except those that reduce a position.`,
      );
    return disabled;
  },
});

async function countRunning(ctx: Context, strategy: StrategyId): Promise<number> {
  const db = await ctx.db();
  const { running } = await db
    .selectFrom('user_strategies')
    .select((eb) => eb.fn.countAll().as('running'))
    .where('strategy_id', '=', strategy)
    .where('status', '=', 'ACTIVE')
    .executeTakeFirstOrThrow();
  return Number(running);
}
