import { barFigure, heatFigure, timeFigure } from '../../cli/charts/figures.ts';
import { exactLabel } from '../../cli/charts/labels.ts';
import { type Content, element, type Markup } from '../../cli/markup/markup.ts';
import {
  type Card,
  type Column,
  cards,
  page,
  paragraph,
  part,
  section,
  table,
  toneOf,
} from '../../cli/markup/page.ts';
import type { Figure } from '../../domain/performance/figure.ts';
import { wallClock } from '../../util/time.ts';
import { equityChart, exposureChart, monthMap, sharpeChart, tradeChart } from './charts.ts';
import type { Performance } from './read-performance.ts';
import { type Report, userRow } from './report-rows.ts';

/** What a report is made with, beside what it is about. */
interface Made {
  timeZone: string;
  /** At most so many of each account. */
  latestTrades: number;
}

const LATEST_TRADES = 25;
const LATEST_TRADES_OF_MANY = 10;

/** A report as one HTML file: all together, then each user, the worst first. */
export function reportPage({ all, users }: Report, at: string, timeZone: string): string {
  const made = { timeZone, latestTrades: users.length === 0 ? LATEST_TRADES : LATEST_TRADES_OF_MANY };
  const stamp = paragraph(`Made at ${wallClock(at, timeZone)} (${timeZone}).`);
  if (users.length === 0) return page(`Performance of ${subjectOf(all)}`, stamp, account(all, 'all', made));
  return page(
    `Performance of ${subjectOf(all)}`,
    stamp,
    section('Users, the worst first', overview(users)),
    section('All together', account(all, 'all', made)),
    users.map((user, i) => section(`${user.user_id}`, account(user, idOf(i), made), idOf(i))),
  );
}

const idOf = (place: number) => `user-${place + 1}`;

function subjectOf({ user_id, strategy_id, symbol }: Performance): string {
  const named = [user_id, strategy_id, symbol].filter((name) => name !== null);
  return named.length === 0 ? 'all users' : named.join(', ');
}

/** A user in a line each, which leads to the pictures. */
function overview(users: readonly Performance[]): Markup {
  const rows = users.map((user, i) => ({ ...userRow(user), link: `#${idOf(i)}` }));
  return table('Net P&L, returns and trades by user', rows, [
    { head: 'user', cell: (row) => element('a', { href: row.link }, row.user_id ?? '') },
    {
      head: 'net P&L',
      cell: (row) => amount('rupees', row.net_pnl),
      isNumber: true,
      tone: (row) => toneOf(row.net_pnl),
    },
    { head: 'return', cell: (row) => amount('percent', row.return), isNumber: true },
    { head: 'max drawdown', cell: (row) => amount('percent', row.drawdown), isNumber: true },
    { head: 'Sharpe', cell: (row) => amount('ratio', row.sharpe), isNumber: true },
    { head: 'trades', cell: (row) => amount('count', row.trades), isNumber: true },
  ]);
}

/** What there is to see of an account. Ids of its pictures begin with `id`. */
function account(found: Performance, id: string, made: Made): Content {
  if (found.since === null) return paragraph('Nothing was executed and no money moved.');
  return [
    paragraph(`From ${found.since} to ${found.until}.`, ...found.notes.map(({ note }) => ` ${note}`)),
    cards(CARDS.flatMap(([figure, label]) => cardOf(found, figure, label))),
    picture(equityChart(id, found), timeFigure),
    picture(monthMap(id, found), heatFigure),
    picture(tradeChart(id, found), barFigure),
    picture(sharpeChart(id, found), timeFigure),
    picture(exposureChart(id, found), timeFigure),
    part(
      'Trades',
      trades('The best and the worst', found.trades, found, made),
      trades('The latest', found.latest_trades.slice(0, made.latestTrades), found, made),
    ),
    part('Drawdowns', drawdowns(found)),
    part('Figures', figures(found)),
  ];
}

const picture = <C extends { title: string }>(chart: C, draw: (chart: C) => Content) =>
  part(chart.title, draw(chart));

const CARDS: readonly [figure: string, label: string][] = [
  ['net_pnl', 'Net P&L'],
  ['time_weighted_return', 'Time-weighted return'],
  ['money_weighted_return', 'Money-weighted, a year'],
  ['annual_growth', 'Growth, a year'],
  ['max_drawdown', 'Maximum drawdown'],
  ['sharpe', 'Sharpe ratio'],
  ['sortino', 'Sortino ratio'],
  ['volatility', 'Volatility, a year'],
  ['trades', 'Trades'],
  ['win_rate', 'Win rate'],
  ['profit_factor', 'Profit factor'],
  ['exposure', 'Days with a position'],
];

/** The figures whose sign is good or bad news. */
const JUDGED = new Set(['net_pnl', 'time_weighted_return', 'money_weighted_return', 'annual_growth']);

function cardOf({ figures }: Performance, name: string, label: string): Card[] {
  const found = figures.find(({ figure }) => figure === name);
  if (!found) return [];
  const tone = JUDGED.has(name) ? toneOf(found.value) : undefined;
  return [{ label, value: valueText(found), note: found.reason ?? undefined, tone }];
}

/** A figure in its unit. */
function valueText({ value, unit }: Figure): string {
  if (value === null) return '-';
  if (unit === 'hours') return `${exactLabel('ratio', value)} h`;
  return unit === 'days' ? `${exactLabel('count', value)} days` : exactLabel(unit, value);
}

const amount = (unit: 'rupees' | 'percent' | 'ratio' | 'count', value: number | null) =>
  valueText({ figure: '', value, unit, reason: null });

type Trade = Performance['trades'][number];

function trades(
  caption: string,
  list: readonly Trade[],
  { user_id, strategy_id }: Performance,
  { timeZone }: Made,
) {
  const user: Column<Trade> = { head: 'user', cell: (trade) => trade.user_id };
  const strategy: Column<Trade> = { head: 'strategy', cell: (trade) => trade.strategy_id ?? '-' };
  return table(caption, list, [
    ...(user_id === null ? [user] : []),
    ...(strategy_id === null ? [strategy] : []),
    { head: 'symbol', cell: ({ symbol }) => symbol },
    { head: 'side', cell: ({ side }) => side },
    { head: 'opened', cell: ({ opened_at }) => minute(opened_at, timeZone) },
    { head: 'closed', cell: ({ closed_at }) => minute(closed_at, timeZone) },
    {
      head: 'P&L',
      cell: ({ realized_pnl }) => exactLabel('rupees', Number(realized_pnl)),
      isNumber: true,
      tone: ({ realized_pnl }) => toneOf(Number(realized_pnl)),
    },
  ]);
}

const minute = (time: string, timeZone: string) =>
  wallClock(time, timeZone).slice(0, 'YYYY-MM-DD HH:MM'.length);

const drawdowns = ({ drawdowns: list }: Performance): Markup =>
  table('The five deepest', list, [
    { head: 'peak', cell: ({ peak }) => peak },
    { head: 'trough', cell: ({ trough }) => trough },
    { head: 'recovery', cell: ({ recovery }) => recovery ?? 'open' },
    { head: 'depth', cell: ({ depth }) => amount('percent', depth), isNumber: true },
    { head: 'days to trough', cell: ({ days_to_trough }) => days_to_trough, isNumber: true },
    { head: 'days to recovery', cell: ({ days_to_recovery }) => days_to_recovery ?? '-', isNumber: true },
  ]);

const figures = ({ figures: list }: Performance): Markup =>
  table('All figures; docs/reports.md has the formulas', list, [
    { head: 'figure', cell: ({ figure }) => figure.replaceAll('_', ' ') },
    {
      head: 'value',
      cell: (found) => (found.reason === null ? valueText(found) : `not defined: ${found.reason}`),
      isNumber: true,
    },
  ]);
