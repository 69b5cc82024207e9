import { type Measured, measured, NO_DEVIATION, notDefined, TRADING_DAYS } from './measured.ts';
import { deviation, mean, sum } from './statistics.ts';

/** What an account is worth at the end of a day, by an index of its returns, and a benchmark at its close. */
export interface ComparedDay {
  index: number;
  close: number;
}

/** An account beside a benchmark; fractions, those of a year where annual. */
export interface Comparison {
  beta: Measured;
  alpha: Measured;
  rSquared: Measured;
  trackingError: Measured;
  informationRatio: Measured;
  upCapture: Measured;
  downCapture: Measured;
  benchmarkReturn: Measured;
}

const MIN_DAYS = 20;

/**
 * Compares the days that both have, in order; a return is that from one such day to the next, of both, whatever lies
 * between. With r of the account and b of the benchmark: beta `cov(r, b)/var(b)`, alpha `(mean(r) − beta·mean(b))·252`,
 * R² the squared correlation, tracking error `sd(r − b)·√252`, information ratio `mean(r − b)/sd(r − b)·√252`, capture
 * `mean(r)/mean(b)` over the days when b is above, or below, 0. Not defined of fewer than 20 days.
 */
export function compare(days: readonly ComparedDay[]): Comparison {
  if (days.length < MIN_DAYS) return nothing(`fewer than ${MIN_DAYS} days in common`);
  const pairs = days.slice(1).map(({ index, close }, i) => {
    const before = days[i] as ComparedDay;
    return { own: index / before.index - 1, other: close / before.close - 1 };
  });
  const own = pairs.map((pair) => pair.own);
  const other = pairs.map((pair) => pair.other);
  const gap = pairs.map((pair) => pair.own - pair.other);
  const sd = { own: deviation(own), other: deviation(other), gap: deviation(gap) };
  const middle = { own: mean(own), other: mean(other) };
  const shared =
    sum(pairs.map((pair) => (pair.own - middle.own) * (pair.other - middle.other))) / (pairs.length - 1);
  const isFlat = sd.other < NO_DEVIATION;
  const slope = shared / sd.other ** 2;
  const ifMoving = (value: number) => (isFlat ? notDefined('the benchmark does not move') : measured(value));
  const year = Math.sqrt(TRADING_DAYS);
  return {
    beta: ifMoving(slope),
    alpha: ifMoving((middle.own - slope * middle.other) * TRADING_DAYS),
    rSquared:
      sd.own < NO_DEVIATION
        ? notDefined('the daily returns do not differ')
        : ifMoving((shared / sd.own / sd.other) ** 2),
    trackingError: measured(sd.gap * year),
    informationRatio:
      sd.gap < NO_DEVIATION
        ? notDefined('it does not deviate from the benchmark')
        : measured((mean(gap) / sd.gap) * year),
    upCapture: capture(pairs.filter((pair) => pair.other > 0)),
    downCapture: capture(pairs.filter((pair) => pair.other < 0)),
    benchmarkReturn: measured((days.at(-1) as ComparedDay).close / (days[0] as ComparedDay).close - 1),
  };
}

function capture(pairs: readonly { own: number; other: number }[]): Measured {
  if (pairs.length === 0) return notDefined('the benchmark has no such day');
  return measured(mean(pairs.map(({ own }) => own)) / mean(pairs.map(({ other }) => other)));
}

function nothing(reason: string): Comparison {
  const none = notDefined(reason);
  return {
    ...{ beta: none, alpha: none, rSquared: none, trackingError: none, informationRatio: none },
    ...{ upCapture: none, downCapture: none, benchmarkReturn: none },
  };
}
