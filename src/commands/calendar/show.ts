import { defineCommand } from '../../cli/command.ts';
import { choice, day, integer, optional, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import { usage } from '../../util/failure.ts';

export const show = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 4,
  args: { day: optional(day('whether this day trades, and when (default: the running year)')) },
  flags: {
    exchange: withDefault(choice(EXCHANGES, 'EXCHANGE', 'the exchange or segment'), 'NSE'),
    year: optional(integer('YEAR', 'the days of this year', 1990, 2100)),
    from: optional(day('from this day on')),
    to: optional(day('up to this day, included')),
  },
  fields: {
    day: { type: 'text' },
    weekday: { type: 'text' },
    exchange: { type: 'text' },
    trades: { type: 'boolean' },
    kind: { type: 'text' },
    opens: { type: 'text' },
    closes: { type: 'text' },
    name: { type: 'text' },
    source: { type: 'text', hidden: true },
  },
  madeBy: 'calendar import',
  examples: ['calendar show', 'calendar show 2026-11-08', 'calendar show --year 2027 --exchange NFO --csv'],
  details: `Holidays and special sessions as they were imported; a DAY also where it is neither: REGULAR or WEEKEND. opens and closes are
those of continuous trading, in Asia/Kolkata. From 3 August 2026 on shares with derivatives trade until 15:15, and a closing auction
follows until 15:35.`,
  async run({ day, exchange, year, from, to }, ctx: Context) {
    const others = [day, year, from ?? to].filter((each) => each !== undefined);
    if (others.length > 1) throw usage('Give a DAY, --year, or --from and --to.');
    if (from !== undefined && to !== undefined && from > to) throw usage('--from is later than --to.');
    const span = year === undefined ? { from, to } : { from: `${year}-01-01`, to: `${year}-12-31` };
    const { showCalendar } = await import('../../trading/calendar/show-calendar.ts');
    return showCalendar(ctx, { exchange, day, ...span });
  },
});
