import { dayAfter } from '../day.ts';
import { type Instant, instant, isBefore, later } from '../instant.ts';
import { entriesOf, hoursOn, type MarketDay, trades } from '../trading-calendar.ts';

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

/** A day whose equity is taken down. */
export interface EquityDay {
  day: string;
  /** From when on a mark counts as one of it. */
  pricedFrom: Instant;
  /** Whether trading has begun on it. */
  hasBegun: boolean;
  /** Whether none later is taken down yet. */
  isLatest: boolean;
}

/** The day whose equity is taken down: by default the latest on which trading has begun, or on which something was executed. */
export function snapshotDay(moment: Moment, calendar: readonly MarketDay[]): EquityDay {
  const { asked, today, executed } = moment;
  const entries = entriesOf(calendar);
  const moved = executed !== null && executed <= today ? executed : '';
  const begun = begunBy(today, entries, moment);
  const latest = moved > begun ? moved : begun;
  const day = asked ?? latest;
  return {
    day,
    pricedFrom: marksFrom(day, entries, moment),
    hasBegun: begunBy(day, entries, moment) === day,
    isLatest: day >= latest,
  };
}

type Entries = ReadonlyMap<string, MarketDay>;

/** From when on a mark counts as one of a day: it was fresh when trading ended, or is fresh now where it goes on. */
export function marksFrom(
  day: string,
  entries: Entries,
  { now, staleAfterMs }: Pick<Moment, 'now' | 'staleAfterMs'>,
): Instant {
  const traded = begunBy(day, entries, { now });
  const { closes } = edgesOf(traded, entries.get(traded));
  const end = isBefore(now, closes) ? now : closes;
  return later(end, -staleAfterMs);
}

/** The latest day up to a last one on which trading has begun. */
function begunBy(last: string, entries: Entries, { now }: Pick<Moment, 'now'>): string {
  for (let day = last; day > dayAfter(last, -LOOK_BACK_DAYS); day = dayAfter(day, -1))
    if (trades(day, entries.get(day)) && !isBefore(now, edgesOf(day, entries.get(day)).opens)) return day;
  return last;
}

/** When trading begins and ends on a day. */
function edgesOf(day: string, entry: MarketDay | undefined): { opens: Instant; closes: Instant } {
  const special = entry?.kind === 'SPECIAL' ? entry : undefined;
  const { opens, closes } = special ?? hoursOn(EXCHANGE, day) ?? { opens: '00:00', closes: '23:59' };
  const at = (time: string) => instant(new Date(`${day}T${time}:00+05:30`));
  return { opens: at(opens), closes: at(closes) };
}
