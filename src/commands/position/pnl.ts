import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, time, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { PNL_GROUPINGS } from '../../domain/pnl-grouping.ts';
import { findUser } from '../../trading/users/store.ts';

export const pnl = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 2,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'of this user')),
    by: withDefault(choice(PNL_GROUPINGS, 'WHAT', 'what a row stands for'), 'day'),
    since: optional(time('fills executed at this time or later')),
    until: optional(time('fills executed before this time')),
  },
  fields: {
    key: { type: 'text' },
    fills: { type: 'integer' },
    realized_pnl: { type: 'money' },
    unrealized_pnl: { type: 'money' },
  },
  examples: ['position pnl --user trader_001 --by month', 'position pnl --by symbol --json key,realized_pnl'],
  details: `Realized P&L as it was credited, to the paisa, by the day, week (its Monday) or month of execution in the trading time
zone, or by symbol, strategy or user. Unrealized P&L of positions open now is shown only for those three.`,
  async run({ user, by, ...range }, ctx: Context) {
    const { pnlBy } = await import('../../trading/positions/pnl.ts');
    const db = await ctx.db();
    if (user !== undefined) await findUser(db, user);
    const since = range.since === undefined ? undefined : await ctx.instant('--since', range.since);
    const until = range.until === undefined ? undefined : await ctx.instant('--until', range.until);
    return pnlBy(db, by, { user, since, until }, await ctx.timeZone());
  },
});
