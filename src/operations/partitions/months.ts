import { decodeTime, encodeTime } from 'ulid';

/** A month of the calendar in UTC: ids are minted from UTC times. */
export interface Month {
  /** Its first moment, and the first behind it. */
  start: Date;
  end: Date;
  /** `orders_2026_12`. */
  partition: string;
}

/** Takes the ids of all times after the last month, until the next `ensure`. */
export const AHEAD_PARTITION = 'orders_ahead';
/** The former table; DEFAULT, so that it also takes every id that sorts elsewhere. */
export const HISTORY_PARTITION = 'orders_history';
/** The end of all generated ids: those of 2109 begin with `ord_04`. */
export const END = 'ord_04';

/** The smallest id that can be minted at a time. */
export const boundOf = (at: Date) => `ord_${encodeTime(at.getTime(), 10)}`;

/** The time of a bound; null for END. */
export function timeOf(bound: string): Date | null {
  return bound === END ? null : new Date(decodeTime(bound.slice(4).padEnd(26, '0')));
}

/** The month of a time, or of `later` months after it. */
export function monthOf(at: Date, later = 0): Month {
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + later];
  const start = new Date(Date.UTC(year, month));
  return {
    start,
    end: new Date(Date.UTC(year, month + 1)),
    partition: `orders_${start.toISOString().slice(0, 7).replace('-', '_')}`,
  };
}

/** The months that begin at `first` or later, up to `ahead` months after that of `now`. */
export function monthsAhead(first: Date, now: Date, ahead: number): Month[] {
  return Array.from({ length: ahead + 1 }, (_, i) => monthOf(now, i)).filter(({ start }) => start >= first);
}

const WEEK_MS = 7 * 86_400_000;

/**
 * Where history ends: the start of a month, at least a week away. Between the check of the old table and the switch no
 * later id may be written; the week leaves time to notice an `enable` that was killed in between.
 */
export function endOfHistory(now: Date): Date {
  const next = monthOf(now, 1).start;
  return next.getTime() - now.getTime() >= WEEK_MS ? next : monthOf(now, 2).start;
}
