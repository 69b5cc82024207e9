import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, several, toggle } from '../../cli/flags.ts';
import { idKeyset, page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { STRATEGY_STATUSES } from '../../domain/enums.ts';
import { type StrategyId, userId } from '../../domain/id.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { requireActivations, STRATEGY_COLUMNS } from '../../trading/strategies/store.ts';
import { usage } from '../../util/failure.ts';
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
    status: optional(
      several(choice(STRATEGY_STATUSES, 'STATUS', 'with --user: what the user has in this status')),
    ),
    active: toggle('only available strategies; with --user only those that are also ACTIVE for the user'),
    ...pageFlags,
  },
  fields: {
    ...strategyFields,
    status: { type: 'text', kind: 'state', hidden: true, shownWithFlag: 'user', optional: true },
  },
  madeBy: 'strategy add',
  examples: [
    'strategy list',
    'strategy list --user trader_001 --status PAUSED,STOPPED',
    'strategy list --user trader_001 --active --json strategy_id,symbols',
  ],
  async run(input, ctx: Context) {
    const { user, status: statuses, active } = input;
    if (statuses !== undefined && user === undefined)
      throw usage('--status needs the --user who has activated it.');
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
            const inStatus = statuses ? used.where('status', 'in', statuses) : used;
            return active ? inStatus.where('status', '=', 'ACTIVE') : inStatus;
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
