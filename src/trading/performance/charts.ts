import type { BarChart, HeatMap, Panel, TimeChart } from '../../cli/charts/chart.ts';
import { exactLabel, signedLabel } from '../../cli/charts/labels.ts';
import { ROLLING_DAYS } from '../../domain/performance/returns.ts';
import type { Performance } from './read-performance.ts';

/** What charts are drawn of, and what begins their names. */
type Drawn<Part extends keyof Performance> = Pick<Performance, 'strategy_id' | 'symbol' | Part>;

const hasCapital = ({ strategy_id, symbol }: Drawn<never>) => strategy_id === null && symbol === null;

/** Capital, or what a strategy or a symbol made so far, with the drawdown beneath. */
export function equityChart(id: string, found: Drawn<'equity'>): TimeChart {
  const { equity } = found;
  // With open positions at marks, or at cost.
  const worth = equity.some(({ unrealized_pnl }) => unrealized_pnl !== null) ? 'Equity' : 'Capital';
  const capital: Panel = {
    name: hasCapital(found) ? worth : 'Net P&L so far',
    unit: 'rupees',
    values: equity.map((day) => day.equity),
    ...(hasCapital(found) ? {} : { base: 0 }),
  };
  const drawdown: Panel = {
    name: 'Drawdown',
    unit: 'percent',
    values: equity.map(({ drawdown }) => (drawdown === null ? null : -drawdown + 0)),
    base: 0,
    isLow: true,
  };
  return {
    id: `${id}-equity`,
    title: hasCapital(found) ? `${worth} and drawdown` : 'Net P&L so far',
    days: equity.map(({ day }) => day),
    panels: hasCapital(found) ? [capital, drawdown] : [capital],
  };
}

/** The Sharpe ratio of the last quarter of a year, day by day. */
export const sharpeChart = (id: string, { equity }: Drawn<'equity'>): TimeChart => ({
  id: `${id}-sharpe`,
  title: `Sharpe ratio of the last ${ROLLING_DAYS} trading days`,
  days: equity.map(({ day }) => day),
  panels: [
    {
      name: 'Sharpe ratio',
      unit: 'ratio',
      values: equity.map(({ rolling_sharpe }) => rolling_sharpe),
      base: 0,
      isLow: true,
    },
  ],
});

/** What the open positions cost at the end of each day, of the capital if there is one. */
export function exposureChart(id: string, found: Drawn<'equity'>): TimeChart {
  const { equity } = found;
  const values = equity.map(({ net_exposure, closing_capital }) => {
    if (!hasCapital(found) || net_exposure === null) return net_exposure;
    return closing_capital > 0 ? (net_exposure / closing_capital) * 100 : null;
  });
  const name = hasCapital(found) ? 'Net exposure, of the capital' : 'Net exposure';
  return {
    id: `${id}-exposure`,
    title: 'Open positions at cost, long less short',
    days: equity.map(({ day }) => day),
    panels: [{ name, unit: hasCapital(found) ? 'percent' : 'rupees', values, base: 0, isLow: true }],
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MOST_YEARS = 12;

/** Months by year, the last twelve years: the time-weighted return, or where there is none, the P&L. */
export function monthMap(id: string, { months }: Drawn<'months'>): HeatMap {
  const isRated = months.some((month) => month.return !== null);
  const values = new Map(months.map((month) => [month.key, isRated ? month.return : month.net_pnl]));
  const years = [...new Set(months.map(({ key }) => key.slice(0, 4)))].slice(-MOST_YEARS);
  return {
    id: `${id}-months`,
    title: isRated ? 'Return by month' : 'Net P&L by month',
    unit: isRated ? 'percent' : 'rupees',
    rows: MONTHS,
    columns: years,
    values: MONTHS.map((_, month) =>
      years.map((year) => values.get(`${year}-${String(month + 1).padStart(2, '0')}`) ?? null),
    ),
  };
}

/** How many trades ended with how much. */
export const tradeChart = (id: string, { histogram }: Drawn<'histogram'>): BarChart => ({
  id: `${id}-trades`,
  title: 'Trades by P&L',
  unit: 'count',
  bars: histogram.map(({ pnl_from, pnl_to, trades }) => ({
    label: rangeLabel(pnl_from, pnl_to),
    tick: signedLabel('rupees', pnl_from ?? pnl_to ?? 0),
    value: trades,
    tone: (pnl_from ?? -1) < 0 ? 'loss' : 'gain',
  })),
});

function rangeLabel(from: number | null, to: number | null): string {
  const rupees = (amount: number) => exactLabel('rupees', amount).replace(/\.00$/, '');
  if (from === null) return `below ${rupees(to ?? 0)}`;
  return to === null ? `from ${rupees(from)}` : `${rupees(from)} to ${rupees(to)}`;
}
