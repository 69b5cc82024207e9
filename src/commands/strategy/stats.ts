import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { findStrategy } from '../../trading/strategies/store.ts';
import { findUser } from '../../trading/users/store.ts';
import { statsFields } from './fields.ts';

export const stats = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 2,
  args: {
    strategy: optional(parsed(strategyId, 'STRATEGY', 'this strategy; every one when it is left out')),
  },
  flags: { user: optional(parsed(userId, 'USER', "this trader's part of each that he activated or traded")) },
  fields: statsFields,
  examples: ['strategy stats', 'strategy stats rsi_dmi --user trader_001 --json realized_pnl,success_rate'],
  details: `How many traders have it active, paused and stopped; what those who have not stopped it set aside; its orders, those
that are filled and their share in percent; what its fills have realized, to the paisa, and its open positions.`,
  async run({ strategy, user }, ctx: Context) {
    const { readStats } = await import('../../trading/strategies/stats.ts');
    const db = await ctx.db();
    if (strategy !== undefined) await findStrategy(db, strategy);
    if (user !== undefined) await findUser(db, user);
    return readStats(db, { strategy, user });
  },
});
