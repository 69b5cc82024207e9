import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, time, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { PNL_GROUPINGS } from '../../domain/pnl-grouping.ts';

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
    net: toggle('also what was charged, and the P&L after it: by day, week, month or user'),
  },
  fields: {
    key: { type: 'text' },
    fills: { type: 'integer' },
    realized_pnl: { type: 'money', kind: 'gain' },
    unrealized_pnl: { type: 'money', kind: 'gain' },
    charges: { type: 'money', onlyWithFlag: 'net', optional: true },
    net_pnl: { type: 'money', kind: 'gain', onlyWithFlag: 'net', optional: true },
  },
  examples: [
    'position pnl --user trader_001 --by month',
    'position pnl --by symbol --json key,realized_pnl',
    'position pnl --user trader_001 --by month --net',
  ],
  details: `Realized P&L as it was credited, to the paisa, by the day, week (its Monday) or month of execution in the trading time
zone, or by symbol, strategy or user. Unrealized P&L of positions open now is shown only for those three. --net adds the charges
that are booked for the days of a row, and realized P&L less them; both are empty where none is. Its days, weeks, months and limits
are those of the database (risk time-zone), whatever time zone is configured. They are booked by user, day and exchange,
so that a symbol or a strategy has none, nor has a part of a day.`,
  async run({ by, ...asked }, ctx: Context) {
    const { pnlBy } = await import('../../trading/positions/pnl.ts');
    return pnlBy(ctx, by, asked);
  },
});
