import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { calendarOf, exchangeTime, hoursOn, trades, weekdayOf } from '../../domain/trading-calendar.ts';
import { readDays, type StoredDay } from './store.ts';

/** A day of the calendar as it is shown. Hours HH:MM in Asia/Kolkata; null where the exchange is closed. */
export interface ShownDay extends Record<string, unknown> {
  day: string;
  weekday: string;
  exchange: string;
  trades: boolean;
  kind: 'HOLIDAY' | 'SPECIAL' | 'WEEKEND' | 'REGULAR';
  opens: string | null;
  closes: string | null;
  name: string;
  source: string;
}

/** One day, or the days that are other than others between two, both included. YYYY-MM-DD; the running year by default. */
export interface ShownSpan {
  exchange: string;
  day: string | undefined;
  from: string | undefined;
  to: string | undefined;
}

/** The days of a calendar. For one day, also where nothing is known of it but its weekday. */
export async function showCalendar(
  ctx: Context,
  { exchange, day, from, to }: ShownSpan,
): Promise<ShownDay[]> {
  const source = await ctx.source();
  const today = exchangeTime(instant(ctx.now())).day;
  const year = (day ?? from ?? to ?? today).slice(0, 4);
  const span = {
    from: day ?? from ?? `${year}-01-01`,
    to: day ?? to ?? `${(from ?? year).slice(0, 4)}-12-31`,
  };
  const known = await readDays(source, calendarOf(exchange), span);
  if (day === undefined) {
    if (known.length === 0)
      await ctx.io.say(
        `No days of ${calendarOf(exchange)} were imported for this time: pinnacle calendar import --help`,
      );
    return known.map((entry) => shown(entry.day, exchange, entry));
  }
  return [shown(day, exchange, known[0])];
}

function shown(day: string, exchange: string, entry: StoredDay | undefined): ShownDay {
  const isOpen = trades(day, entry);
  const hours = entry?.kind === 'SPECIAL' ? entry : isOpen ? hoursOn(exchange, day) : null;
  return {
    day,
    weekday: weekdayOf(day),
    exchange,
    trades: isOpen,
    kind: entry?.kind ?? (isOpen ? 'REGULAR' : 'WEEKEND'),
    opens: hours?.opens ?? null,
    closes: hours?.closes ?? null,
    name: entry?.name ?? '',
    source: entry?.source ?? '',
  };
}
