import { expect, it } from 'vitest';
import type { Field, Fields, Kind } from '../../src/cli/result.ts';
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
  [/^(drawdown|max_drawdown|success_rate|expected_return_annual)$|_percent$/, 'number', 'percent'],
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
