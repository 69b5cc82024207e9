import { calendarDays, dayAfter } from '../day.ts';
import { type AccountDay, dayOfPlace, earned, type Period, wholePaisa } from './account-days.ts';
import { exposure, turnover } from './activity.ts';
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
import { count, type Figure, percent, rupees, shown } from './figure.ts';
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

/** An account over a period, in rupees. */
export interface Account {
  /** What it had before; null of a strategy or a symbol, which have no capital of their own. */
  capital: number | null;
  /** What it was worth before, with open positions: the same at cost. */
  worth: number;
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

const AT_COST = notDefined('open positions count at cost');
const NO_CAPITAL = notDefined('a strategy or a symbol has no capital of its own');

/** The returns of the days of an account. */
export function returnsOf({ capital, worth, days }: Account): Returns {
  const none = (reason: string) => ({ daily: [], index: [], reason });
  if (capital === null) return none(NO_CAPITAL.reason ?? '');
  const daily = dailyReturns(worth, days);
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
export function flowsOf({ capital, worth, period, days }: Account): DatedFlow[] {
  if (capital === null || days.length === 0) return [];
  const flows = days.flatMap(({ day, paidIn, paidOut }) => [
    { day, amount: -paidIn },
    { day, amount: paidOut },
  ]);
  return [
    { day: dayAfter(period.first, -1), amount: -worth },
    ...flows,
    { day: period.last, amount: days.at(-1)?.value ?? worth },
  ].filter(({ amount }, i, all) => amount !== 0 || i === all.length - 1);
}

/** What an account returned and risked, of its returns and its money-weighted return; `riskFree` is a fraction a year. */
export function returnFigures(
  { capital, worth, period, days }: Account,
  { daily, index, reason }: Returns,
  moneyWeighted: Measured,
  riskFree: number,
): Figure[] {
  const of = (figure: () => Measured) => (reason === null ? figure() : notDefined(reason));
  const twr = of(() => timeWeighted(daily));
  const growth = of(() => annualGrowth(twr.value ?? 0, calendarDays(period.first, period.last)));
  const falls = drawdownsOf(index);
  const worst = of(() => maxDrawdown(falls));
  const gains = [0];
  days.forEach(({ value, paidIn, paidOut }, i) => {
    const gain = value - (days[i - 1]?.value ?? worth) - paidIn + paidOut;
    gains.push(wholePaisa((gains.at(-1) as number) + gain));
  });
  const gained = gains.at(-1) as number;
  const fall = measured(maxFall(drawdownsOf(gains)));
  const numberOf = (place: number) => calendarDays(period.first, dayOfPlace(period, days, place));
  return [
    percent('time_weighted_return', twr),
    percent('money_weighted_return', capital === null ? NO_CAPITAL : moneyWeighted),
    percent(
      'return_on_opening_capital',
      of(() => (worth !== 0 ? measured(gained / worth) : notDefined('there was no capital before'))),
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
    shown('recovery_factor', 'ratio', perDrawdown(measured(gained), fall)),
    percent(
      'ulcer_index',
      of(() => ulcer(index)),
    ),
  ];
}

/** What moved the capital of an account. */
export function moneyFigures({ capital, days }: Account): Figure[] {
  const total = (of: (day: AccountDay) => number) => measured(sum(days.map(of)));
  const unrealized = days.at(-1)?.unrealized ?? null;
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
    rupees('closing_capital', ofAccount(measured(days.at(-1)?.capital ?? capital ?? 0))),
    rupees('unrealized_pnl', ofAccount(unrealized === null ? AT_COST : measured(unrealized))),
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
