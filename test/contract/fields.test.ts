import { expect, it } from 'vitest';
import type { Field, Fields, Kind } from '../../src/cli/result.ts';
import { unitOfFigure } from '../../src/commands/report/fields.ts';
import type { Figure } from '../../src/domain/performance/figure.ts';
import {
  type Account,
  activityFigures,
  moneyFigures,
  returnFigures,
} from '../../src/domain/performance/figures.ts';
import { notDefined } from '../../src/domain/performance/measured.ts';
import { tradeFigures } from '../../src/domain/performance/trade-figures.ts';
import { allCommands } from '../helpers/commands.ts';

/** What is in rupees altogether; a price is in rupees per share. */
const AMOUNT =
  /pnl|capital|equity|^net_exposure$|allocation|credited|worth|turnover|fees|cash|^net$|^amount$|^base$|^charges_total$|^booked$|^(brokerage|stt|transaction|sebi|stamp|ipft|gst|dp)$|^collateral$|^utilised$|^paid_|^charges$|^dividends$|^(computed|billed|excess)$|^tds$|^tds_above$/;
/** Numbers that are no amounts: prices, percentages, rates, and rules, whose unit depends on the rule. */
const NUMBERS = new Set([
  ...[
    'price',
    'average_price',
    'current_price',
    'filled_price',
    'trigger_price',
    'ltp',
    'open',
    'high',
    'low',
    'close',
    'bid',
    'ask',
    'breakeven',
    'per_share',
    'fraction_price',
    'average_after',
    'other_average',
    'cost_percent',
    'tds_percent',
  ],
  ...[
    'success_rate',
    'win_rate',
    'gain_percent',
    'weight',
    'use',
    'max_drawdown',
    'drawdown',
    'drawdown_limit',
    'rolling_sharpe',
    'sharpe',
    'expected_return_annual',
    'changed_per_second',
    'depth',
    'index',
    'rate',
    'return',
    'value',
    'entry_price',
    'exit_price',
    'hours_held',
    'lag_seconds',
  ],
  ...['rule_value', 'current_value', 'current', 'limit', 'headroom', 'projected'],
]);
const kindOf = (name: string) =>
  AMOUNT.test(name) ? 'money' : NUMBERS.has(name) ? 'number' : 'neither money nor number';

function numeric(fields: Fields, name: string): string[] {
  return Object.entries(fields).flatMap(([column, { type, of }]) => {
    if (of) return numeric(of, `${name} ${column}`);
    const isNumeric = type === 'money' || type === 'number';
    const expected = kindOf(column);
    if (isNumeric ? type === expected : expected !== 'money' || type === 'json') return [];
    return [`${name}: ${column} is ${type}, but should be ${expected}`];
  });
}

it('every column that is an amount of money is declared as one in every command, and no other', async () => {
  const commands = await allCommands();
  expect(commands.flatMap(({ name, command }) => numeric(command.fields, name))).toEqual([]);
});

/** What a column of a name means to a person; names that differ in what they mean from noun to noun are not among them. */
const KINDS: readonly (readonly [name: RegExp, type: Field['type'], kind: Kind])[] = [
  [/(^|_)(status|side|alert_level|verdict|state)$/, 'text', 'state'],
  [/^(is_violated|halted|stale)$/, 'boolean', 'alarm'],
  [/(^|_)pnl(_|$)|^credited$/, 'money', 'gain'],
  [/(^|_)price$|^(ltp|bid|ask|breakeven)$/, 'number', 'price'],
  [/^gain_percent$/, 'number', 'gain'],
  [/^(win_rate|weight)$/, 'number', 'percent'],
  [/(^|_)return(_|$)/, 'number', 'gain'],
  [/^(charges|dividends)$/, 'money', 'gain'],
  [/^(drawdown|max_drawdown|drawdown_limit|depth|success_rate)$|_percent$/, 'number', 'percent'],
  [/_seconds$/, 'number', 'seconds'],
];

function misread(fields: Fields, name: string): string[] {
  return Object.entries(fields).flatMap(([column, { type, kind, of }]) => {
    if (of) return misread(of, `${name} ${column}`);
    const known = KINDS.find(([pattern, whose]) => whose === type && pattern.test(column));
    return known === undefined || known[2] === kind
      ? []
      : [`${name}: ${column} should be of the kind ${known[2]}`];
  });
}

it('columns of one name look alike in every command: statuses, P&L, prices and percentages', async () => {
  const commands = await allCommands();
  expect(commands.flatMap(({ name, command }) => misread(command.fields, name))).toEqual([]);
});

/** Ratios, and what is counted or measured: numbers without a sign of what they are. `value` is that of a metric. */
const PLAIN = new Set(['sharpe', 'rolling_sharpe', 'index', 'changed_per_second', 'hours_held', 'value']);

function unmarked(fields: Fields, name: string): string[] {
  return Object.entries(fields).flatMap(([column, { type, kind, of }]) => {
    if (of) return unmarked(of, `${name} ${column}`);
    return type === 'number' && kind === undefined && !PLAIN.has(column) ? [`${name}: ${column}`] : [];
  });
}

it('a number that is no ratio says what it is: a price, a percentage, what was won, a duration', async () => {
  const commands = await allCommands();
  expect(commands.flatMap(({ name, command }) => unmarked(command.fields, name))).toEqual([]);
});

/** Figures in rupees or percent that have no sign: what there is, what was at risk, a part of a whole. */
const UNSIGNED =
  /^(opening|closing)_capital$|^paid_|^turnover$|drawdown|volatility|deviation|value_at_risk|shortfall|ulcer|win_rate|exposure/;

it('every figure of a report that is won or lost has its sign', () => {
  const period = { first: '2026-01-01', last: '2026-01-02' };
  const account: Account = { capital: 100, worth: 100, period, days: [] };
  const figures = [
    ...returnFigures(account, { daily: [], index: [], reason: 'none' }, notDefined('none'), 0),
    ...moneyFigures(account),
    ...activityFigures(account, 0),
    ...tradeFigures({ results: [], seconds: [] }),
  ].filter(({ unit }) => unit === 'rupees' || unit === 'percent');
  expect(figures.length).toBeGreaterThan(20);
  const namesOf = (isOne: (figure: Figure) => boolean) => figures.filter(isOne).map(({ figure }) => figure);
  const isSigned = (figure: Figure) => ['gain', 'profit'].includes(unitOfFigure(figure) ?? '');
  expect(namesOf((figure) => !isSigned(figure))).toEqual(namesOf(({ figure }) => UNSIGNED.test(figure)));
});
