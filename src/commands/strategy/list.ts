import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, toggle } from '../../cli/flags.ts';
import { idKeyset, page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { type StrategyId, userId } from '../../domain/id.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { requireActivations, STRATEGY_COLUMNS } from '../../trading/strategies/store.ts';
import { strategyFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 1,
  args: {},
  flags: {
    user: optional(
      parsed(userId, 'USER', 'strategies that this user has activated, now or earlier, and their status'),
    ),
    active: toggle('only available strategies; with --user only those that are also ACTIVE for the user'),
    ...pageFlags,
  },
  fields: {
    ...strategyFields,
    status: { type: 'text', kind: 'state', hidden: true, shownWithFlag: 'user', optional: true },
  },
  madeBy: 'strategy add',
  examples: ['strategy list', 'strategy list --user trader_001 --active --json strategy_id,symbols'],
  async run(input, ctx: Context) {
    const { user, active } = input;
    if (user !== undefined) await requireActivations(ctx);
    const db = await ctx.db();
    return page(
      input,
      ctx.io,
      (limit, after) => {
        let strategies = db.selectFrom('strategies').select(STRATEGY_COLUMNS);
        if (active) strategies = strategies.where('is_active', '=', true);
        if (user !== undefined)
          strategies = strategies.where('strategy_id', 'in', (eb) => {
            const used = eb.selectFrom('user_strategies').select('strategy_id').where('user_id', '=', user);
            return active ? used.where('status', '=', 'ACTIVE') : used;
          });
        if (after) strategies = strategies.where('strategy_id', '>', idKeyset<StrategyId>(after));
        const ordered = strategies.orderBy('strategy_id').limit(limit);
        if (user === undefined) return ordered.execute();
        return ordered
          .select((eb) =>
            eb
              .selectFrom('user_strategies as u')
              .select('u.status')
              .whereRef('u.strategy_id', '=', 'strategies.strategy_id')
              .where('u.user_id', '=', user)
              .as('status'),
          )
          .execute();
      },
      (strategy) => [strategy.strategy_id],
      async () => requireNamed(await ctx.db(), input),
    );
  },
});
