import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { findStrategy } from '../../trading/strategies/store.ts';
import { findUser } from '../../trading/users/store.ts';
import { lastDays, sparklineFlag, trendFields, withTrends } from '../_shared/sparkline.ts';
import { statsFields } from './fields.ts';

export const stats = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 2,
  args: {
    strategy: optional(parsed(strategyId, 'STRATEGY', 'only this strategy (default: all)')),
  },
  flags: {
    user: optional(
      parsed(userId, 'USER', "only this user's part of each strategy that the user activated or traded"),
    ),
    ...sparklineFlag('in the last 30 days'),
  },
  fields: { ...statsFields, ...trendFields },
  madeBy: 'strategy activate',
  examples: ['strategy stats', 'strategy stats rsi_dmi --user trader_001 --json realized_pnl,success_rate'],
  details: `The number of users who have it active, paused and stopped; the allocations of users who have not stopped it; its
orders, the filled ones and their share in percent; the realized P&L of its fills, to the paisa; its open positions.`,
  async run({ strategy, user, sparkline }, ctx: Context) {
    const { readStats } = await import('../../trading/strategies/stats.ts');
    const db = await ctx.db();
    if (strategy !== undefined) await findStrategy(db, strategy);
    if (user !== undefined) await findUser(db, user);
    const rows = await readStats(db, { strategy, user });
    return withTrends(ctx, rows, { sparkline, user }, 'strategy_id', (row) =>
      lastDays(row.strategy_id, ctx.now()),
    );
  },
});
