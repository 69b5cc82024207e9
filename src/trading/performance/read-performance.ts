import { dayAfter } from '../../domain/day.ts';
import {
  accountDays,
  daysWithin,
  exposures,
  type Movement,
  type Period,
  wholePaisa,
} from '../../domain/performance/account-days.ts';
import { compare } from '../../domain/performance/benchmark.ts';
import type { Figure } from '../../domain/performance/figure.ts';
import {
  type Account,
  activityFigures,
  benchmarkFigures,
  flowsOf,
  moneyFigures,
  type Returns,
  returnFigures,
  returnsOf,
} from '../../domain/performance/figures.ts';
import { histogramOf } from '../../domain/performance/histogram.ts';
import { atMarks, type Marks, markedOn } from '../../domain/performance/marks.ts';
import { moneyWeighted } from '../../domain/performance/money-weighted.ts';
import { EXCHANGE, LOOK_BACK_DAYS } from '../../domain/performance/snapshot-day.ts';
import { sum } from '../../domain/performance/statistics.ts';
import { equityRows, monthRows, weekdayRows, worstDrawdowns } from '../../domain/performance/tables.ts';
import { tradeFigures } from '../../domain/performance/trade-figures.ts';
import {
  FLOWS_SINCE_STEP,
  hasStep,
  INSTRUMENTS_SINCE_STEP,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { readDays } from '../calendar/store.ts';
import { type Book, readBook, type TradedBy } from './read-book.ts';
import { hasCapital, type Scope } from './scope.ts';

interface Terms {
  /** Of an index to compare with, by day. */
  closes: ReadonlyMap<string, number> | undefined;
  /** Percent a year. */
  riskFree: number;
}

export type Performance = Awaited<ReturnType<typeof performanceOf>>;

/**
 * The performance of a user, a strategy, a symbol or all, from executions and movements of money: figures, and what is
 * behind them.
 */
export async function performanceOf(source: Source, scope: Scope, { closes, riskFree }: Terms) {
  const book = await readBook(source, scope);
  const period = periodOf(book.movements, scope, book.today);
  const { account, basis, notes } = await accountOf(source, book, scope, period);
  const returns = returnsOf(account);
  const weighted = moneyWeighted(flowsOf(account));
  const compared = closes === undefined ? undefined : beside(account, returns, closes);
  const isKnown = hasStep(source, FLOWS_SINCE_STEP);
  const figures: Figure[] = [
    ...returnFigures(account, returns, weighted.rate, riskFree / 100),
    ...moneyFigures(account),
    ...tradeFigures(book),
    ...activityFigures(account, daysWithin(account.days, book.held)),
    ...(compared?.figures ?? []),
  ];
  return {
    user_id: scope.user ?? null,
    strategy_id: scope.strategy ?? null,
    symbol: scope.symbol ?? null,
    since: account.days.length === 0 ? null : period.first,
    until: account.days.length === 0 ? null : period.last,
    basis,
    figures: isKnown ? figures : figures.map(withoutFlows),
    rates: weighted.roots.map((root) => ({ rate: root * 100 })),
    drawdowns: worstDrawdowns(account, returns),
    equity: equityRows(account, returns, {
      exposures: exposures(book.exposure, book.movements, account.days),
      riskFree: riskFree / 100,
    }).map((row) => (isKnown ? row : { ...row, ...NO_FLOWS })),
    months: monthRows(account, returns),
    weekdays: weekdayRows(account, returns),
    hours: groupsOf(book, 'hour').sort((a, b) => Number(a.key) - Number(b.key)),
    symbols: groupsOf(book, 'symbol'),
    strategies: groupsOf(book, 'strategy'),
    trades: [...book.best, ...book.worst],
    latest_trades: book.latest,
    histogram: histogramOf(book.results),
    notes: [...(isKnown ? [] : [NOT_KNOWN]), ...notes, ...(compared?.notes ?? [])].map((note) => ({ note })),
  };
}

const NO_FLOWS = { paid_in: null, paid_out: null, charges: null, dividends: null };
const NOT_KNOWN =
  'Before step 11 of phase 4 the schema has no movements of money, so that nothing is net of charges. Run: pinnacle migrate up';

/** A figure on a schema that has no movements of money: what is not known is not 0. */
const withoutFlows = (figure: Figure): Figure =>
  figure.figure in NO_FLOWS
    ? { ...figure, value: null, reason: 'the schema has no movements of money' }
    : figure;

/**
 * From the first to the last day on which something moved, unless the scope says otherwise: not before the first, when
 * there was no account, and not in the future. Of nothing, no day.
 */
function periodOf(movements: readonly Movement[], { since = '', until }: Scope, today: string): Period {
  const first = movements[0]?.day ?? '';
  const last = movements.at(-1)?.day ?? '';
  const end = last > today ? last : today;
  return {
    first: first !== '' && since > first ? since : first,
    last: until === undefined ? last : until < end ? until : end,
  };
}

/** An account over a period: at marks where all of its days have them, else at cost throughout, so that no day has both. */
async function accountOf(source: Source, book: Book, scope: Scope, period: Period) {
  const { movements } = book;
  const { first, last } = period;
  const isEmpty = first === '' || last < first;
  const calendar =
    isEmpty || !hasStep(source, INSTRUMENTS_SINCE_STEP)
      ? []
      : await readDays(source, EXCHANGE, { from: dayAfter(first, -LOOK_BACK_DAYS), to: last });
  const moved = (of: readonly Movement[]) =>
    sum(of.flatMap((each) => [each.realized, each.paidIn, -each.paidOut, each.charges, each.dividends]));
  // Capital of the first day is what is left of that of today without all that came since.
  const before = wholePaisa(book.capital - moved(movements.filter(({ day }) => day >= first)));
  const capital = hasCapital(scope) ? before : null;
  const days = isEmpty ? [] : accountDays(capital ?? 0, movements, period, calendar);
  const atCost: Account = { capital, worth: capital ?? 0, period, days };
  if (book.marks === null || isEmpty) return { account: atCost, basis: 'cost', notes: [] };
  const marked = markedOn(days, first, book.marks, calendar);
  if (!('unrealized' in marked))
    return { account: atCost, basis: 'cost', notes: restOnCost(marked.missing, book.marks) };
  const account = {
    ...atCost,
    worth: wholePaisa(before + marked.before),
    days: atMarks(days, marked.unrealized),
  };
  return { account, basis: 'marks', notes: [] };
}

/** Which days lack a snapshot, where any day has one. */
const restOnCost = (missing: readonly string[], { snapshots }: Marks): string[] =>
  snapshots.length === 0
    ? []
    : [
        `Open positions count at cost, because ${pluralize(missing.length, 'day')} ${missing.length === 1 ? 'lacks' : 'lack'} a complete equity snapshot: ${someOf(missing, NAMED_DAYS)}.`,
      ];

const groupsOf = ({ groups }: Book, what: TradedBy['what']) =>
  groups
    .filter((group) => group.what === what)
    .map(({ key, executions, realized, turnover, trades, wins }) => ({
      ...{ key, executions, realized_pnl: realized, turnover, trades, wins },
    }));

const NAMED_DAYS = 5;

/** The figures beside a benchmark, and what does not fit: days that only one of both has. */
function beside({ days, period }: Account, { index }: Returns, closes: ReadonlyMap<string, number>) {
  const common = days.flatMap(({ day }, i) => {
    const close = closes.get(day);
    const own = index[i + 1];
    return close === undefined || own === undefined ? [] : [{ index: own, close }];
  });
  const known = new Set(days.map(({ day }) => day));
  const missing = days.map(({ day }) => day).filter((day) => !closes.has(day));
  const strange = [...closes.keys()].filter(
    (day) => day >= period.first && day <= period.last && !known.has(day),
  );
  const named = (list: readonly string[], what: string) =>
    list.length === 0
      ? []
      : [`The benchmark ${what} ${pluralize(list.length, 'day')}: ${someOf([...list].sort(), NAMED_DAYS)}.`];
  return {
    figures: benchmarkFigures(compare(common), common.length),
    notes: [
      ...named(missing, 'has no close on'),
      ...named(strange, 'has closes on days without trading here,'),
    ],
  };
}
