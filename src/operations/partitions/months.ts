import { decodeTime, encodeTime } from 'ulid';

/** A month of the calendar in UTC: ids are minted from UTC times. */
export interface Month {
  /** Its first moment. */
  start: Date;
  /** `orders_2026_12`. */
  partition: string;
}

/** Takes the ids of every time after the last month, until the next `ensure`. */
export const AHEAD_PARTITION = 'orders_ahead';
/** The table as it was before; DEFAULT, so that it also takes every id that sorts elsewhere. */
export const HISTORY_PARTITION = 'orders_history';
/** Where generated ids end: those of 2109 begin with `ord_04`. */
export const END = 'ord_04';

/** The least id that can be minted at a time or later. */
export const boundOf = (at: Date) => `ord_${encodeTime(at.getTime(), 10)}`;

/** The time that a bound stands for; null for END. */
export function timeOf(bound: string): Date | null {
  return bound === END ? null : new Date(decodeTime(bound.slice(4).padEnd(26, '0')));
}

/** The month of a time, or one so many months later. */
export function monthOf(at: Date, later = 0): Month {
  const start = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later));
  return { start, partition: `orders_${start.toISOString().slice(0, 7).replace('-', '_')}` };
}

/** The months that begin at `first` or later, up to `ahead` months after that of `now`. */
export function monthsAhead(first: Date, now: Date, ahead: number): Month[] {
  return Array.from({ length: ahead + 1 }, (_, i) => monthOf(now, i)).filter(({ start }) => start >= first);
}

const WEEK_MS = 7 * 86_400_000;

/**
 * Where history ends: the start of a month, at least a week away. Between the check of the old table and the switch no
 * id of later may be written, and an `enable` that was killed there is found before that matters.
 */
export function endOfHistory(now: Date): Date {
  const next = monthOf(now, 1).start;
  return next.getTime() - now.getTime() >= WEEK_MS ? next : monthOf(now, 2).start;
}
