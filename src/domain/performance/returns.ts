import { type Measured, measured, NO_DEVIATION, notDefined, TRADING_DAYS } from './measured.ts';
import { deviation, mean, quantile, sum } from './statistics.ts';

/** What a day did to an account, in rupees: paid in at its start, paid out at its end, and worth afterwards. */
export interface ValuedDay {
  paidIn: number;
  paidOut: number;
  value: number;
}

/**
 * The return of each day, `r = (V + out)/(V before + in) − 1`, as a fraction: money that is paid in works from the start of
 * its day, and what is paid out until its end. A day without capital on which nothing is earned returns 0. Null from the first
 * day on that begins or ends below 0, or earned without capital: nothing is a part of a debt, nor of nothing.
 */
export function dailyReturns(before: number, days: readonly ValuedDay[]): (number | null)[] {
  let start = before;
  let isUndefined = false;
  return days.map(({ paidIn, paidOut, value }) => {
    const base = start + paidIn;
    start = value;
    isUndefined ||= base < 0 || value + paidOut < 0 || (base === 0 && value + paidOut > 0);
    if (isUndefined) return null;
    return base === 0 ? 0 : (value + paidOut) / base - 1;
  });
}

/** The index of returns, which begins with 1 before the first of them: `Π(1 + r)`. */
export function indexOf(returns: readonly number[]): number[] {
  const index = [1];
  for (const each of returns) index.push((index.at(-1) as number) * (1 + each));
  return index;
}

/** Time-weighted return, `Π(1 + r) − 1`, a fraction. Not defined without a day. */
export function timeWeighted(returns: readonly number[]): Measured {
  if (returns.length === 0) return notDefined('there is no day');
  return measured((indexOf(returns).at(-1) as number) - 1);
}

const MIN_CALENDAR_DAYS = 30;

/**
 * Compound annual growth rate, `(1 + total)^(365/days) − 1`, a fraction, of a total return over calendar days. Not defined
 * in fewer than 30 days, nor if everything or more is lost.
 */
export function annualGrowth(total: number, days: number): Measured {
  if (days < MIN_CALENDAR_DAYS) return notDefined(`fewer than ${MIN_CALENDAR_DAYS} days are not annualised`);
  if (total <= -1) return notDefined('all of the capital or more is lost');
  return measured((1 + total) ** (365 / days) - 1);
}

const TOO_FEW = notDefined('fewer than 2 days');

/** Volatility, `sd(r)·√252` with n−1, a fraction a year. Not defined of fewer than 2 days. */
export function volatility(returns: readonly number[]): Measured {
  return returns.length < 2 ? TOO_FEW : measured(deviation(returns) * Math.sqrt(TRADING_DAYS));
}

/**
 * Sharpe ratio, `mean(r − f)/sd(r − f)·√252`, with the risk-free rate f = `riskFree`/252, a fraction a year. Not defined of
 * fewer than 2 days, nor where the returns do not differ.
 */
export function sharpe(returns: readonly number[], riskFree = 0): Measured {
  if (returns.length < 2) return TOO_FEW;
  const excess = returns.map((each) => each - riskFree / TRADING_DAYS);
  const sd = deviation(excess);
  if (sd < NO_DEVIATION) return notDefined('the daily returns do not differ');
  return measured((mean(excess) / sd) * Math.sqrt(TRADING_DAYS));
}

/** Downside deviation, `√(Σ min(r, 0)²/n)·√252` over all n days, a fraction a year. Not defined without a day. */
export function downsideDeviation(returns: readonly number[]): Measured {
  if (returns.length === 0) return notDefined('there is no day');
  const squares = sum(returns.map((each) => Math.min(each, 0) ** 2));
  return measured(Math.sqrt(squares / returns.length) * Math.sqrt(TRADING_DAYS));
}

/** Sortino ratio, `mean(r)·252` by the downside deviation. Not defined of fewer than 2 days, nor without a day of loss. */
export function sortino(returns: readonly number[]): Measured {
  if (returns.length < 2) return TOO_FEW;
  const { value } = downsideDeviation(returns);
  if (value === null || value < NO_DEVIATION) return notDefined('no day has a loss');
  return measured((mean(returns) * TRADING_DAYS) / value);
}

const MIN_TAIL_DAYS = 20;
const TAIL = 0.05;

/** Value at risk, the 5 % quantile (type 7) of the daily returns, a fraction. Not defined of fewer than 20 days. */
export function valueAtRisk(returns: readonly number[]): Measured {
  if (returns.length < MIN_TAIL_DAYS) return notDefined(`fewer than ${MIN_TAIL_DAYS} days`);
  return measured(quantile(returns, TAIL));
}

/** Expected shortfall, the mean of the daily returns that are not above the value at risk. Not defined where that is not. */
export function expectedShortfall(returns: readonly number[]): Measured {
  const limit = valueAtRisk(returns);
  if (limit.value === null) return limit;
  const { value } = limit;
  return measured(mean(returns.filter((each) => each <= value)));
}

/** The trading days that a rolling Sharpe ratio looks back: a quarter of a year. */
export const ROLLING_DAYS = 63;

/** The Sharpe ratio of the days up to each day, as many as the window has; null before there are so many, and where it is not defined. */
export function rollingSharpe(
  returns: readonly number[],
  riskFree: number,
  window = ROLLING_DAYS,
): (number | null)[] {
  return returns.map((_, i) =>
    i + 1 < window ? null : sharpe(returns.slice(i + 1 - window, i + 1), riskFree).value,
  );
}
