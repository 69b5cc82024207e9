import { defineCommand } from '../../cli/command.ts';
import { interval, optional, parsed, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { followFlags } from '../_shared/follow-flags.ts';
import { topFields } from './fields.ts';

export const top = defineCommand({
  effect: 'read',
  phase: 4,
  live: { line: (text) => text('at') },
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'the day of this user')),
    interval: withDefault(interval('how long to wait between two looks', 250), '2s'),
    once: toggle('one look, as text on a terminal'),
    ...followFlags,
  },
  fields: topFields,
  examples: [
    'top',
    'top --user trader_001 --interval 1s',
    'top --once',
    'top --json at,net_pnl,violated,halts',
  ],
  details: `On a terminal a screen: halts and violated rules, traders with P&L of the trading day and drawdown against its limit, working
orders, executions of the day, unread alerts from WARNING up, ages of marks and quotes, and what lags behind. Up and down select a row
and Enter shows it as its command does, / filters by user, symbol or strategy, s sorts, h halts a trader once the name is typed, ? lists
all keys, q ends. While the database or Redis is away it says so and goes on. Elsewhere, or with --json, one JSON object per look. The
first 200 traders of the order are read, 100 orders, 50 executions and alerts; counts and sums are of all, but for unread notifications, which are counted up to 1,000.`,
  async run(input, ctx: Context) {
    const { runTop } = await import('../../operations/top/run-top.ts');
    return runTop(ctx, input);
  },
});
