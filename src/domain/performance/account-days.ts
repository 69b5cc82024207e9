import { dayAfter } from '../day.ts';
import { entriesOf, type MarketDay, trades } from '../trading-calendar.ts';

/** What moved an account on a day, in rupees. Charges are below 0, what is paid out above. */
export interface Movement {
  /** The trading day, YYYY-MM-DD. */
  day: string;
  executions: number;
  realized: number;
  bought: number;
  sold: number;
  paidIn: number;
  paidOut: number;
  charges: number;
  dividends: number;
}

/** A day of an account, and at its end the capital, and what the account is worth: with open positions at cost, or at marks. */
export interface AccountDay extends Movement {
  capital: number;
  /** Of open positions; null at cost. */
  unrealized: number | null;
  value: number;
}

const NOTHING = {
  executions: 0,
  realized: 0,
  bought: 0,
  sold: 0,
  paidIn: 0,
  paidOut: 0,
  charges: 0,
  dividends: 0,
};

/** Rupees without what sums of doubles leave behind the paisa. */
export const wholePaisa = (rupees: number): number => Math.round(rupees * 100) / 100 + 0;

/** What a day earned, in rupees: realized, dividends, and charges, which are below 0. */
export const earned = ({ realized, charges, dividends }: Movement): number =>
  wholePaisa(realized + charges + dividends);

/** The day of a place on a curve whose first is before the first day of a period. */
export const dayOfPlace = ({ first }: Period, days: readonly AccountDay[], place: number): string =>
  place === 0 ? dayAfter(first, -1) : (days[place - 1] as AccountDay).day;

/** From when to when an account is looked at, YYYY-MM-DD, both included. */
export interface Period {
  first: string;
  last: string;
}

/**
 * The days of an account: those on which the exchange traded, and those on which something moved. `capital` is what it had
 * before the period; `movements` are by day, those outside of the period are left out.
 */
export function accountDays(
  capital: number,
  movements: readonly Movement[],
  { first, last }: Period,
  calendar: readonly MarketDay[],
): AccountDay[] {
  const entries = entriesOf(calendar);
  const moved = new Map(movements.map((movement) => [movement.day, movement]));
  const days: AccountDay[] = [];
  let value = capital;
  for (let day = first; day <= last; day = dayAfter(day)) {
    const movement = moved.get(day);
    if (!movement && !trades(day, entries.get(day))) continue;
    const on = movement ?? { day, ...NOTHING };
    value = wholePaisa(value + on.paidIn - on.paidOut + on.realized + on.charges + on.dividends);
    days.push({ ...on, capital: value, unrealized: null, value });
  }
  return days;
}

/** How many of the days are within one of some spans, which are ordered and do not overlap; `end` is the day after. */
export function daysWithin(
  days: readonly { day: string }[],
  spans: readonly { start: string; end: string }[],
): number {
  return days.filter(({ day }) => spans.some(({ start, end }) => start <= day && day < end)).length;
}

/**
 * What open positions cost at the end of each day, long less short, in rupees: `now`, what they cost today, without what each
 * later day added, which is `bought − sold + realized`. Days and movements are in order.
 */
export function exposures(
  now: number,
  movements: readonly Movement[],
  days: readonly { day: string }[],
): number[] {
  const found = new Array<number>(days.length);
  let exposure = now;
  let next = movements.length - 1;
  for (let i = days.length - 1; i >= 0; i--) {
    const { day } = days[i] as { day: string };
    for (; next >= 0; next--) {
      const movement = movements[next] as Movement;
      if (movement.day <= day) break;
      exposure -= movement.bought - movement.sold + movement.realized;
    }
    found[i] = wholePaisa(exposure);
  }
  return found;
}
