import { calendarDays } from '../day.ts';
import { weekdayOf } from '../trading-calendar.ts';
import { type AccountDay, dayOfPlace, earned, wholePaisa } from './account-days.ts';
import { deepest, depthsOf, drawdownsOf } from './drawdowns.ts';
import type { Account, Returns } from './figures.ts';
import { rollingSharpe, timeWeighted } from './returns.ts';
import { sum } from './statistics.ts';

const MOST_DRAWDOWNS = 5;

/** A drawdown by its days; depth in percent. What has not happened is null. */
export interface DatedDrawdown {
  peak: string;
  trough: string;
  recovery: string | null;
  depth: number | null;
  days_to_trough: number;
  days_to_recovery: number | null;
  trading_days: number;
}

/** The five deepest drawdowns of the index of returns. One from the start has its peak on the day before. */
export function worstDrawdowns({ period, days }: Account, { index }: Returns): DatedDrawdown[] {
  const dayOf = (place: number) => dayOfPlace(period, days, place);
  const between = (from: number, to: number) => calendarDays(dayOf(from), dayOf(to)) - 1;
  return deepest(drawdownsOf(index), MOST_DRAWDOWNS).map(({ peak, trough, recovery, depth }) => ({
    peak: dayOf(peak),
    trough: dayOf(trough),
    recovery: recovery === null ? null : dayOf(recovery),
    depth: depth === null ? null : depth * 100,
    days_to_trough: between(peak, trough),
    days_to_recovery: recovery === null ? null : between(trough, recovery),
    trading_days: (recovery ?? index.length - 1) - peak,
  }));
}

/** What the days of an account are shown with, beside their own: the cost of open positions, and a rate a year as a fraction. */
interface Beside {
  exposures: readonly number[];
  riskFree: number;
}

/** A day of an account; rupees, and in percent what it returned and how far its index is below the peak. */
export function equityRows(
  { days }: Account,
  { daily, index, reason }: Returns,
  { exposures, riskFree }: Beside,
) {
  const depths = reason === null ? depthsOf(index) : [];
  const ratios = rollingSharpe(daily, riskFree);
  return days.map((day, i) => ({
    day: day.day,
    paid_in: day.paidIn,
    paid_out: day.paidOut,
    realized_pnl: day.realized,
    charges: day.charges,
    dividends: day.dividends,
    net_pnl: earned(day),
    closing_capital: day.capital,
    unrealized_pnl: day.unrealized,
    equity: day.value,
    net_exposure: exposures[i] ?? null,
    executions: day.executions,
    return: percentOf(daily[i]),
    index: index[i + 1] ?? null,
    drawdown: percentOf(depths[i + 1]),
    rolling_sharpe: ratios[i] ?? null,
  }));
}

const percentOf = (rate: number | undefined) => (rate === undefined ? null : rate * 100);

/** Days of an account under what they have in common, in the order of the keys; the return in percent. */
function grouped(days: readonly AccountDay[], { daily }: Returns, keyOf: (day: string) => string) {
  const groups = new Map<string, number[]>();
  days.forEach(({ day }, i) => {
    const key = keyOf(day);
    const places = groups.get(key) ?? [];
    places.push(i);
    groups.set(key, places);
  });
  return [...groups].map(([key, places]) => {
    const within = places.map((i) => days[i] as AccountDay);
    const returned = timeWeighted(places.flatMap((i) => daily[i] ?? [])).value;
    return {
      key,
      days: places.length,
      executions: sum(within.map(({ executions }) => executions)),
      realized_pnl: wholePaisa(sum(within.map(({ realized }) => realized))),
      net_pnl: wholePaisa(sum(within.map(earned))),
      turnover: wholePaisa(sum(within.map(({ bought, sold }) => bought + sold))),
      return: returned === null ? null : returned * 100,
    };
  });
}

/** The months of an account, YYYY-MM. */
export const monthRows = ({ days }: Account, returns: Returns) =>
  grouped(days, returns, (day) => day.slice(0, 7));

const ORDER = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** The weekdays of an account, from Monday. */
export const weekdayRows = ({ days }: Account, returns: Returns) =>
  grouped(days, returns, weekdayOf).sort((a, b) => ORDER.indexOf(a.key) - ORDER.indexOf(b.key));
