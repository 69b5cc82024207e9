import { dayAfter } from '../day.ts';
import { entriesOf, type MarketDay, trades } from '../trading-calendar.ts';
import { type AccountDay, wholePaisa } from './account-days.ts';
import { LOOK_BACK_DAYS } from './snapshot-day.ts';

/** What was taken down of open positions, by day. */
export interface Marks {
  /** By how many users who hold something at the end of a day there are more from a day on; those who do on none are not here. */
  holders: readonly { day: string; more: number }[];
  /** How many of them have a complete snapshot of a day, and the unrealized P&L of those in rupees. */
  snapshots: readonly { day: string; users: number; unrealized: number }[];
}

/** Open positions at marks: what they were before the first day and on each; or the days on which somebody's are not known. */
export type Marked =
  | { before: number; unrealized: number[]; missing: readonly [] }
  | { missing: readonly string[] };

/**
 * The unrealized P&L of an account on each of its days. A day on which nobody held anything at its end needs no snapshot. One without
 * trading and executions is worth what the day before was. What was held before the first day is worth what it was on the last with trading.
 */
export function markedOn(
  days: readonly AccountDay[],
  first: string,
  { holders, snapshots }: Marks,
  calendar: readonly MarketDay[],
): Marked {
  const entries = entriesOf(calendar);
  const known = new Map(snapshots.map((snapshot) => [snapshot.day, snapshot]));
  const missing: string[] = [];
  let at = 0;
  let held = 0;
  let last = 0;
  const on = (day: string, isQuiet: boolean) => {
    for (; at < holders.length && (holders[at]?.day ?? '') <= day; at++) held += holders[at]?.more ?? 0;
    const snapshot = known.get(day);
    if (held === 0) last = 0;
    else if (snapshot?.users === held) last = snapshot.unrealized;
    else if (!isQuiet) missing.push(day);
    return last;
  };
  let base = dayAfter(first, -1);
  for (let i = 0; i < LOOK_BACK_DAYS && !known.has(base) && !trades(base, entries.get(base)); i++)
    base = dayAfter(base, -1);
  const before = on(base, false);
  const unrealized = days.map(({ day, executions }) =>
    on(day, executions === 0 && !trades(day, entries.get(day))),
  );
  return missing.length > 0 ? { missing } : { before, unrealized, missing: [] };
}

/** The days with open positions at marks. */
export const atMarks = (days: readonly AccountDay[], unrealized: readonly number[]): AccountDay[] =>
  days.map((day, i) => {
    const each = unrealized[i] as number;
    return { ...day, unrealized: each, value: wholePaisa(day.capital + each) };
  });
