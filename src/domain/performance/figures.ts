import {
  type AccountDay,
  calendarDays,
  dayAfter,
  dayOfPlace,
  earned,
  type Period,
  wholePaisa,
} from './account-days.ts';
import { exposure, holdingTimes, turnover } from './activity.ts';
import type { Comparison } from './benchmark.ts';
import {
  depthsOf,
  drawdownsOf,
  longestRecovery,
  maxDrawdown,
  maxFall,
  perDrawdown,
  ulcer,
} from './drawdowns.ts';
import { type Measured, measured, notDefined } from './measured.ts';
import type { DatedFlow } from './money-weighted.ts';
import {
  annualGrowth,
  dailyReturns,
  downsideDeviation,
  expectedShortfall,
  indexOf,
  sharpe,
  sortino,
  timeWeighted,
  valueAtRisk,
  volatility,
} from './returns.ts';
import { sum } from './statistics.ts';
import * as trade from './trades.ts';

type Unit = 'percent' | 'rupees' | 'ratio' | 'days' | 'hours' | 'count';

/** A figure as it is shown; the value is in the unit, null with the reason. */
export interface Figure {
  figure: string;
  value: number | null;
  unit: Unit;
  reason: string | null;
}

/** An account over a period, in rupees. */
export interface Account {
  /** What it had before; null of a strategy or a symbol, which have no capital of their own. */
  capital: number | null;
  period: Period;
  days: readonly AccountDay[];
}

/** The returns of an account, day by day, and their index; none where they are not defined, and why. */
export interface Returns {
  daily: readonly number[];
  index: readonly number[];
  /** Null if they are defined. */
  reason: string | null;
}

const NO_CAPITAL = notDefined('a strategy or a symbol has no capital of its own');

const hundredth = (rate: Measured): Measured => (rate.value === null ? rate : measured(rate.value * 100));
const shown = (figure: string, unit: Unit, { value, reason }: Measured): Figure => ({
  figure,
  value,
  unit,
  reason,
});
const percent = (figure: string, rate: Measured) => shown(figure, 'percent', hundredth(rate));
const rupees = (figure: string, { value, reason }: Measured) =>
  shown(figure, 'rupees', value === null ? { value, reason } : measured(wholePaisa(value)));
const count = (figure: string, value: number) => shown(figure, 'count', measured(value));

/** The returns of the days of an account. */
export function returnsOf({ capital, days }: Account): Returns {
  const none = (reason: string) => ({ daily: [], index: [], reason });
  if (capital === null) return none(NO_CAPITAL.reason ?? '');
  const daily = dailyReturns(capital, days);
  const first = days[daily.indexOf(null)];
  if (first)
    return none(
      first.value + first.paidOut > 0
        ? `something was earned without capital on ${first.day}`
        : `the capital fell below 0 by ${first.day}`,
    );
  if (daily.length === 0) return none('there is no day');
  return { daily: daily as number[], index: indexOf(daily as number[]), reason: null };
}

/**
 * The flows of an account: what it had on the day before the period and what was paid in, below 0; what was paid out, and
 * what it has on the last day.
 */
export function flowsOf({ capital, period, days }: Account): DatedFlow[] {
  if (capital === null || days.length === 0) return [];
  const flows = days.flatMap(({ day, paidIn, paidOut }) => [
    { day, amount: -paidIn },
    { day, amount: paidOut },
  ]);
  return [
    { day: dayAfter(period.first, -1), amount: -capital },
    ...flows,
    { day: period.last, amount: days.at(-1)?.value ?? capital },
  ].filter(({ amount }, i, all) => amount !== 0 || i === all.length - 1);
}

/** What an account returned and risked, of its returns and its money-weighted return; `riskFree` is a fraction a year. */
export function returnFigures(
  { capital, period, days }: Account,
  { daily, index, reason }: Returns,
  moneyWeighted: Measured,
  riskFree: number,
): Figure[] {
  const of = (figure: () => Measured) => (reason === null ? figure() : notDefined(reason));
  const twr = of(() => timeWeighted(daily));
  const growth = of(() => annualGrowth(twr.value ?? 0, calendarDays(period.first, period.last)));
  const falls = drawdownsOf(index);
  const worst = of(() => maxDrawdown(falls));
  const net = wholePaisa(sum(days.map(earned)));
  const gains = [0];
  for (const day of days) gains.push(wholePaisa((gains.at(-1) as number) + earned(day)));
  const fall = measured(maxFall(drawdownsOf(gains)));
  const numberOf = (place: number) => calendarDays(period.first, dayOfPlace(period, days, place));
  return [
    percent('time_weighted_return', twr),
    percent('money_weighted_return', capital === null ? NO_CAPITAL : moneyWeighted),
    percent(
      'return_on_opening_capital',
      of(() => (capital ? measured(net / capital) : notDefined('there was no capital before'))),
    ),
    percent('annual_growth', growth),
    percent(
      'volatility',
      of(() => volatility(daily)),
    ),
    percent(
      'downside_deviation',
      of(() => downsideDeviation(daily)),
    ),
    shown(
      'sharpe',
      'ratio',
      of(() => sharpe(daily, riskFree)),
    ),
    shown(
      'sortino',
      'ratio',
      of(() => sortino(daily)),
    ),
    shown(
      'calmar',
      'ratio',
      of(() => perDrawdown(growth, worst)),
    ),
    percent(
      'value_at_risk_95',
      of(() => valueAtRisk(daily)),
    ),
    percent(
      'expected_shortfall_95',
      of(() => expectedShortfall(daily)),
    ),
    percent('max_drawdown', worst),
    rupees('max_drawdown_rupees', days.length === 0 ? notDefined('there is no day') : fall),
    percent(
      'current_drawdown',
      of(() => measured(depthsOf(index).at(-1) ?? 0)),
    ),
    shown(
      'longest_recovery',
      'days',
      of(() =>
        longestRecovery(
          falls.map((each) => ({
            ...each,
            peak: numberOf(each.peak),
            recovery: each.recovery === null ? null : numberOf(each.recovery),
          })),
        ),
      ),
    ),
    shown('recovery_factor', 'ratio', perDrawdown(measured(net), fall)),
    percent(
      'ulcer_index',
      of(() => ulcer(index)),
    ),
  ];
}

/** What moved the capital of an account. */
export function moneyFigures({ capital, days }: Account): Figure[] {
  const total = (of: (day: AccountDay) => number) => measured(sum(days.map(of)));
  const ofAccount = (value: Measured) => (capital === null ? NO_CAPITAL : value);
  return [
    rupees('opening_capital', ofAccount(measured(capital ?? 0))),
    rupees('paid_in', ofAccount(total(({ paidIn }) => paidIn))),
    rupees('paid_out', ofAccount(total(({ paidOut }) => paidOut))),
    rupees(
      'realized_pnl',
      total(({ realized }) => realized),
    ),
    rupees('charges', ofAccount(total(({ charges }) => charges))),
    rupees('dividends', ofAccount(total(({ dividends }) => dividends))),
    rupees('net_pnl', total(earned)),
    rupees('closing_capital', ofAccount(measured(days.at(-1)?.value ?? capital ?? 0))),
  ];
}

/** Closed trades, in the order of their ends: their results in rupees, and how long they were held. */
export interface Trades {
  results: readonly number[];
  seconds: readonly number[];
}

const SECONDS_AN_HOUR = 3_600;

/** What the closed trades of an account came to. */
export function tradeFigures({ results, seconds }: Trades): Figure[] {
  const streaks = trade.streaksOf(results);
  const held = holdingTimes(seconds.map((each) => each / SECONDS_AN_HOUR));
  const none = notDefined('no trade is closed');
  const extreme = (of: (a: number, b: number) => number) =>
    results.length === 0 ? none : measured(results.reduce((a, b) => of(a, b)));
  const among = (is: (result: number) => boolean) =>
    results.reduce((n, result) => n + (is(result) ? 1 : 0), 0);
  return [
    count('trades', results.length),
    count(
      'wins',
      among((result) => result > 0),
    ),
    count(
      'losses',
      among((result) => result < 0),
    ),
    count(
      'break_even',
      among((result) => result === 0),
    ),
    percent('win_rate', trade.winRate(results)),
    shown('profit_factor', 'ratio', trade.profitFactor(results)),
    shown('payoff', 'ratio', trade.payoff(results)),
    rupees('expectancy', trade.expectancy(results)),
    rupees('average_win', trade.averageWin(results)),
    rupees('average_loss', trade.averageLoss(results)),
    rupees('best_trade', extreme(Math.max)),
    rupees('worst_trade', extreme(Math.min)),
    shown('system_quality', 'ratio', trade.systemQuality(results)),
    percent('kelly', trade.kelly(results)),
    count('longest_winning_streak', streaks.wins),
    count('longest_losing_streak', streaks.losses),
    count('current_streak', streaks.current),
    shown('median_holding_time', 'hours', held.median),
    shown('mean_holding_time', 'hours', held.mean),
    shown('longest_holding_time', 'hours', held.longest),
  ];
}

/** How much an account traded; `daysHeld` are those on which a position was open. */
export function activityFigures({ capital, days }: Account, daysHeld: number): Figure[] {
  const bought = sum(days.map((day) => day.bought));
  const sold = sum(days.map((day) => day.sold));
  return [
    count('trading_days', days.length),
    count('executions', sum(days.map(({ executions }) => executions))),
    rupees('turnover', measured(bought + sold)),
    shown(
      'turnover_of_capital',
      'ratio',
      capital === null
        ? NO_CAPITAL
        : turnover(
            { bought, sold },
            days.map(({ value }) => value),
          ),
    ),
    percent('exposure', exposure(daysHeld, days.length)),
  ];
}

/** An account beside a benchmark. */
export const benchmarkFigures = (compared: Comparison, days: number): Figure[] => [
  count('benchmark_days', days),
  percent('benchmark_return', compared.benchmarkReturn),
  shown('beta', 'ratio', compared.beta),
  percent('alpha', compared.alpha),
  shown('r_squared', 'ratio', compared.rSquared),
  percent('tracking_error', compared.trackingError),
  shown('information_ratio', 'ratio', compared.informationRatio),
  percent('up_capture', compared.upCapture),
  percent('down_capture', compared.downCapture),
];
