import {
  isWorking,
  ORDER_SIDES,
  ORDER_STATUSES,
  ORDER_TYPES,
  type OrderSide,
  type OrderType,
} from '../../domain/enums.ts';
import { type OrderId, readId, type StrategyId, type UserId } from '../../domain/id.ts';
import { type Instant, isBefore, writtenInstant } from '../../domain/instant.ts';
import { MAX_PRICE, MAX_SHARES } from '../../domain/money.ts';
import { readSymbol, type TradingSymbol } from '../../domain/symbol.ts';
import type { Columns, Row } from '../../platform/files/read-records.ts';
import { plainUpperCase } from '../../util/text.ts';
import type { ProposedOrder } from '../ledger/insert-orders.ts';

/** The columns of a file of orders: those of the table. */
export const ORDER_FILE = {
  required: [
    ...['order_id', 'user_id', 'symbol', 'side', 'order_type', 'quantity', 'price', 'status', 'created_at'],
  ],
  optional: [
    ...[
      'strategy_id',
      'filled_quantity',
      'filled_price',
      'broker_order_id',
      'error_message',
      'retry_count',
      'updated_at',
    ],
  ],
} as const satisfies Columns;
type Column = (typeof ORDER_FILE)['required' | 'optional'][number];

/** An order of a file, in the form that COPY accepts. */
export interface OrderRow {
  order_id: OrderId;
  user_id: UserId;
  /** The time of its last change. */
  updated_at: Instant;
  /** The line of CSV. */
  csv: string;
  /** What may still be filled, if it is working: not history, but an order like one that is placed now. */
  working?: ProposedOrder;
}

/** What a value must be, and a parser to the table's form of it: undefined if the value is invalid. */
type Rule = readonly [must: string, read: (text: string) => string | undefined];

const like = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : undefined);
const word = (words: readonly string[]): Rule => {
  const known = new Set(words);
  const read = (text: string) => {
    if (known.has(text)) return text;
    const upper = plainUpperCase(text.trim());
    return known.has(upper) ? upper : undefined;
  };
  return [`one of ${words.join(', ')}`, read];
};
const integer = (least: number): Rule => [
  `a whole number from ${least} to ${MAX_SHARES}`,
  (text) =>
    /^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= MAX_SHARES ? text : undefined,
];
const rupees: Rule = [
  'a number of rupees, such as 2450.50',
  (text) => {
    if (!/^\d{1,15}(\.\d{1,20})?(e[+-]?\d{1,3})?$/i.test(text)) return undefined;
    const value = Number(text);
    // A number too small for a double is 0 here, and an error in PostgreSQL.
    return value > MAX_PRICE || (value === 0 && /^[\d.]*[1-9]/.test(text)) ? undefined : text;
  },
];

const idRule: Rule = ['an id: at most 50 letters, digits and _ . : -', readId];

const RULES: Readonly<Record<Column, Rule>> = {
  order_id: idRule,
  user_id: idRule,
  strategy_id: ['an id, or empty', (text) => (text === '' ? text : readId(text))],
  symbol: ['at most 50 letters, digits and & . _ -', readSymbol],
  side: word(ORDER_SIDES),
  order_type: word(ORDER_TYPES),
  status: word(ORDER_STATUSES),
  quantity: integer(1),
  price: rupees,
  filled_quantity: integer(0),
  filled_price: rupees,
  retry_count: integer(0),
  broker_order_id: ['at most 100 printable characters', like(/^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{0,100}$/u)],
  error_message: [
    'at most 10000 characters, none of them a control character',
    like(/^[^\p{Cc}\p{Cs}]{0,10000}$/u),
  ],
  created_at: ['a time such as 2026-01-31T03:45:00Z', time],
  updated_at: ['a time such as 2026-01-31T03:45:00Z', time],
};

/** The columns of an order that a file does not have. */
const ABSENT: Readonly<Partial<Record<Column, string>>> = {
  filled_quantity: '0',
  filled_price: '0',
  retry_count: '0',
};

/** Reads the rows of a file with these columns. No order may be later than `now`. */
export function orderReader(columns: readonly string[], now: Instant) {
  const given = columns as readonly Column[];
  const rules = given.map((column) => RULES[column]);
  const missing = ORDER_FILE.optional.filter((column) => !given.includes(column));
  const at = Object.fromEntries(given.map((column, i) => [column, i])) as Record<Column, number | undefined>;

  /** The values of a row in the table's form, or the reason why the row is invalid. */
  const valuesOf = (fields: readonly string[]): string[] | { reason: string } => {
    const values: string[] = [];
    for (const [i, [must, understand]] of rules.entries()) {
      const field = fields[i] as string;
      const value = understand(field) ?? (field === '' ? ABSENT[given[i] as Column] : undefined);
      if (value === undefined) return { reason: `${given[i]} must be ${must}` };
      values.push(value);
    }
    return values;
  };

  /** The order of a row, or the reason why it is invalid. */
  const read = ({ fields, raw }: Row): OrderRow | { reason: string } => {
    const values = valuesOf(fields);
    if ('reason' in values) return values;
    const of = (column: Column) => {
      const place = at[column];
      return place === undefined ? (ABSENT[column] ?? '') : (values[place] as string);
    };
    const created = instantOf(of('created_at'));
    const updated = at.updated_at === undefined ? created : instantOf(of('updated_at'));
    const reason =
      statusProblem(
        of('status'),
        Number(of('quantity')),
        Number(of('filled_quantity')),
        Number(of('filled_price')),
      ) ?? timeOrderProblem(created, updated, now);
    if (reason) return { reason };
    const rest = missing.map((column) => (column === 'updated_at' ? created : (ABSENT[column] ?? '')));
    const same = raw !== undefined && values.every((value, i) => value === fields[i]);
    const line = same ? raw : values.map(quoted).join(',');
    return {
      order_id: of('order_id') as OrderId,
      user_id: of('user_id') as UserId,
      updated_at: updated,
      csv: rest.length > 0 ? `${line},${rest.join(',')}\n` : `${line}\n`,
      ...(isWorking(of('status')) && { working: workingOrder(of, created) }),
    };
  };
  return { columns: [...given, ...missing], read };
}

/** The rest of a working order, as it would be placed now. */
function workingOrder(of: (column: Column) => string, created_at: Instant): ProposedOrder {
  const strategy = of('strategy_id');
  return {
    user_id: of('user_id') as UserId,
    strategy_id: strategy === '' ? null : (strategy as StrategyId),
    symbol: of('symbol') as TradingSymbol,
    side: of('side') as OrderSide,
    order_type: of('order_type') as OrderType,
    quantity: Number(of('quantity')) - Number(of('filled_quantity')),
    price: Number(of('price')),
    created_at,
  };
}

const NOTHING = (filled: number) => filled === 0;
const HOLDS: Readonly<Record<string, (filled: number, quantity: number) => boolean>> = {
  FILLED: (filled, quantity) => filled >= quantity,
  PARTIALLY_FILLED: (filled, quantity) => filled > 0 && filled < quantity,
  CANCELLED: (filled, quantity) => filled < quantity,
};

/** What a status implies for the fills of an order, by the rules of the ledger. */
function statusProblem(status: string, quantity: number, filled: number, price: number): string | undefined {
  const holds = (HOLDS[status] ?? NOTHING)(filled, quantity);
  if (!holds) return `an order of ${quantity} with ${filled} filled cannot be ${status}`;
  if (filled > 0 !== price > 0) return 'filled_price must be there where something is filled, and only there';
  return undefined;
}

function timeOrderProblem(created: Instant, updated: Instant, now: Instant): string | undefined {
  if (isBefore(updated, created)) return 'updated_at is before created_at';
  return isBefore(now, updated) ? 'its time is in the future' : undefined;
}

// In this form PostgreSQL reads it without loss, so the line needs no rewriting.
const PLAIN_TIME = /^.{10}[T ][\d:]{8}(\.\d{1,6})?Z?$/;

/** Times are in UTC, as in the table, unless they name another offset. A date alone is invalid. */
function time(text: string): string | undefined {
  if (text.length < '1970-01-01T00:00:00'.length || text < '1970') return undefined;
  const at = writtenInstant(text, 'UTC');
  return at !== undefined && PLAIN_TIME.test(text) ? text : at;
}

/** The instant of a time that passed validation. */
const instantOf = (text: string) => writtenInstant(text, 'UTC') as Instant;

const quoted = (value: string) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
