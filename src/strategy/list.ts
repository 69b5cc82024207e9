import { defineCommand } from '../cli/command.ts';
import { page, pageFlags } from '../cli/page.ts';
import type { Context } from '../context.ts';
import { strategyFields } from './columns.ts';
import { STRATEGY_COLUMNS } from './store.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 1,
  args: {},
  flags: pageFlags,
  fields: strategyFields,
  examples: ['strategy list', 'strategy list --json strategy_id,symbols'],
  async run(input, ctx: Context) {
    const db = await ctx.db();
    return page(
      input,
      ctx.io,
      (limit, after) => {
        const strategies = db
          .selectFrom('strategies')
          .select(STRATEGY_COLUMNS)
          .orderBy('strategy_id')
          .limit(limit);
        return (after ? strategies.where('strategy_id', '>', after[0] ?? '') : strategies).execute();
      },
      (strategy) => [strategy.strategy_id],
    );
  },
});
