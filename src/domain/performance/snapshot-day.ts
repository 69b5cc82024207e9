import { type Instant, instant, isBefore } from '../instant.ts';
import { hoursOn, type MarketDay, trades } from '../trading-calendar.ts';
import { dayAfter } from './account-days.ts';

/** The exchange whose days count. */
export const EXCHANGE = 'NSE';
/** How many days before a day its calendar must begin, so that the last day with trading is within. */
export const LOOK_BACK_DAYS = 30;

/** What is known when equity is taken down. */
interface Moment {
  /** The day that was asked for, YYYY-MM-DD. */
  asked: string | undefined;
  /** The trading day of this moment. */
  today: string;
  now: Instant;
  /** The latest day with an execution, if there is one. */
  executed: string | null;
  /** After how long a mark is stale. */
  staleAfterMs: number;
}

/**
 * The day whose equity is taken down, and from when on a mark is one of it. By default it is the latest on which trading has
 * begun, or on which something was executed. A mark counts that was fresh when trading ended, or is fresh now where it goes on.
 */
export function snapshotDay(
  { asked, today, now, executed, staleAfterMs }: Moment,
  calendar: readonly MarketDay[],
): { day: string; pricedFrom: Instant } {
  const entries = new Map(calendar.map((entry) => [entry.day, entry]));
  const begunBy = (last: string) => {
    for (let day = last; day > dayAfter(last, -LOOK_BACK_DAYS); day = dayAfter(day, -1))
      if (trades(day, entries.get(day)) && !isBefore(now, edgesOf(day, entries.get(day)).opens)) return day;
    return last;
  };
  const moved = executed !== null && executed <= today ? executed : '';
  const begun = begunBy(today);
  const day = asked ?? (moved > begun ? moved : begun);
  const traded = begunBy(day);
  const { closes } = edgesOf(traded, entries.get(traded));
  const end = isBefore(now, closes) ? now : closes;
  return { day, pricedFrom: instant(new Date(Date.parse(end) - staleAfterMs)) };
}

/** When trading begins and ends on a day. */
function edgesOf(day: string, entry: MarketDay | undefined): { opens: Instant; closes: Instant } {
  const special = entry?.kind === 'SPECIAL' ? entry : undefined;
  const { opens, closes } = special ?? hoursOn(EXCHANGE, day) ?? { opens: '00:00', closes: '23:59' };
  const at = (time: string) => instant(new Date(`${day}T${time}:00+05:30`));
  return { opens: at(opens), closes: at(closes) };
}
