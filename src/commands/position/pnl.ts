import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, several, time, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { PNL_GROUPINGS } from '../../domain/pnl-grouping.ts';
import type { PnlRow } from '../../trading/positions/pnl.ts';
import { pluralize } from '../../util/text.ts';
import { sayAfterwards, totalText } from '../_shared/totals.ts';

export const pnl = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 2,
  args: {},
  flags: {
    user: optional(several(parsed(userId, 'USER', 'of this user'))),
    by: withDefault(several(choice(PNL_GROUPINGS, 'WHAT', 'what a row stands for')), 'day'),
    since: optional(time('fills executed at this time or later')),
    until: optional(time('fills executed before this time')),
    net: toggle('also what was charged, and the P&L after it: by day, week, month or user'),
  },
  fields: {
    key: { type: 'text' },
    fills: { type: 'integer', minor: true },
    realized_pnl: { type: 'money', kind: 'gain' },
    unrealized_pnl: { type: 'money', kind: 'gain' },
    charges: { type: 'money', kind: 'gain', onlyWithFlag: 'net', optional: true },
    net_pnl: { type: 'money', kind: 'gain', onlyWithFlag: 'net', optional: true },
    trades: { type: 'integer' },
    win_rate: { type: 'number', kind: 'percent' },
    name: { type: 'text', onlyWithFlag: 'by:user', optional: true },
    wins: { type: 'integer', hidden: true },
    losses: { type: 'integer', hidden: true },
    period: { type: 'text', hidden: true, optional: true },
    symbol: { type: 'text', hidden: true, optional: true },
    strategy_id: { type: 'text', hidden: true, optional: true },
    user_id: { type: 'text', hidden: true, optional: true },
  },
  madeBy: 'order fill',
  examples: [
    'position pnl --user trader_001 --by month',
    'position pnl --by symbol --json key,realized_pnl',
    'position pnl --user trader_001 --by month --net',
    'position pnl --by user,month --since 2026-01-01',
  ],
  details: `Realized P&L as it was credited, to the paisa, by the day, week (its Monday) or month of execution in the trading time
zone, by symbol, strategy or user, or by several of these: --by user,month. The column key has what a row stands for; JSON has each
part in a column of its own. Unrealized P&L of positions open now belongs to no period. A trade is a position from flat to flat, in
the period in which it ended; the win rate is that of the trades that did not break even. --net adds the charges that are booked
for the days of a row, and realized P&L less them; both are empty where none is. Its days, weeks, months and limits are those of
the database (risk time-zone), whatever time zone is configured. They are booked by user, day and exchange, so that a symbol or a
strategy has none, nor has a part of a day. A terminal shows the total of several rows.`,
  async run({ by, ...asked }, ctx: Context) {
    const { pnlBy } = await import('../../trading/positions/pnl.ts');
    const rows = await pnlBy(ctx, by, asked);
    if (rows.length > 1) sayAfterwards(ctx, totalOf(rows));
    return rows;
  },
});

/** What several rows come to together. */
function totalOf(rows: readonly PnlRow[]): string {
  const sum = (column: 'fills' | 'trades' | 'wins' | 'losses') =>
    rows.reduce((all, row) => all + row[column], 0);
  const [wins, losses] = [sum('wins'), sum('losses')];
  const rupees = (column: 'realized_pnl' | 'unrealized_pnl' | 'charges' | 'net_pnl') =>
    totalText(rows.map((row) => row[column]));
  const parts = [
    pluralize(sum('fills'), 'fill'),
    `realized ${rupees('realized_pnl')}`,
    rows.some((row) => row.unrealized_pnl !== null) && `unrealized ${rupees('unrealized_pnl')}`,
    rows.some((row) => row.net_pnl) &&
      `charges ${rupees('charges')}, net where they are booked ${rupees('net_pnl')}`,
    pluralize(sum('trades'), 'trade'),
    wins + losses > 0 && `win rate ${((100 * wins) / (wins + losses)).toFixed(2)}%`,
  ];
  return `Total: ${parts.filter(Boolean).join(', ')}`;
}
