import {
  isWorking,
  ORDER_SIDES,
  ORDER_STATUSES,
  ORDER_TYPES,
  type OrderSide,
  type OrderType,
} from '../../domain/enums.ts';
import {
  COUNT,
  ID,
  PRICE_OR_NONE,
  type Rule,
  refusal,
  SHARES,
  SYMBOL,
  type TimeReading,
  time,
  word,
} from '../../domain/file-values.ts';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import { type Instant, isBefore, writtenInstant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Columns } from '../../platform/files/read-header.ts';
import type { Row } from '../../platform/files/read-records.ts';
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

/** A rule for the table's form of a value: the text itself where that is it, which keeps the line as it is. */
type TextRule = Rule<string>;

/** The text of a number as PostgreSQL reads it. */
const amount = ({ must, read }: Rule<number>): TextRule => ({
  must,
  read: (text) => (read(text) === undefined ? undefined : text),
});
/** The same for the text of a whole number, without decimals. */
const whole = ({ must, read }: Rule<number>): TextRule => ({
  must,
  read(text) {
    const value = read(text);
    if (value === undefined) return undefined;
    return /^\d+$/.test(text) ? text : String(value);
  },
});
const like = (must: string, pattern: RegExp): TextRule => ({
  must: `must be ${must}`,
  read: (text) => (pattern.test(text) ? text : undefined),
});

type Rename = (symbol: TradingSymbol) => TradingSymbol;

const rules = (times: TimeReading, rename: Rename): Readonly<Record<Column, TextRule>> => ({
  order_id: ID,
  user_id: ID,
  strategy_id: { must: ID.must, read: (text) => (text === '' ? text : ID.read(text)) },
  symbol: {
    must: SYMBOL.must,
    read(text) {
      const symbol = SYMBOL.read(text);
      return symbol && rename(symbol);
    },
  },
  side: word(ORDER_SIDES),
  order_type: word(ORDER_TYPES),
  status: word(ORDER_STATUSES),
  quantity: whole(SHARES),
  price: amount(PRICE_OR_NONE),
  filled_quantity: whole(COUNT),
  filled_price: amount(PRICE_OR_NONE),
  retry_count: whole(COUNT),
  broker_order_id: like('at most 100 printable characters', /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{0,100}$/u),
  error_message: like(
    'at most 10000 characters, none of them a control character',
    /^[^\p{Cc}\p{Cs}]{0,10000}$/u,
  ),
  created_at: utc(times),
  updated_at: utc(times),
});

/** The columns of an order that a file does not have. */
const ABSENT: Readonly<Partial<Record<Column, string>>> = {
  filled_quantity: '0',
  filled_price: '0',
  retry_count: '0',
  updated_at: '',
};

/**
 * Reads the rows of a file with these columns; `rename` gives the name under which an order is booked. No order may be later
 * than `now`.
 */
export function orderReader(columns: readonly string[], now: Instant, times: TimeReading, rename: Rename) {
  const given = columns as readonly Column[];
  const all = rules(times, rename);
  const ruled = given.map((column) => [column, all[column]] as const);
  const missing = ORDER_FILE.optional.filter((column) => !given.includes(column));
  const at = Object.fromEntries(given.map((column, i) => [column, i])) as Record<Column, number | undefined>;

  /** The values of a row in the table's form, or the reason why the row is invalid. */
  const valuesOf = (fields: readonly string[]): string[] | { reason: string } => {
    const values: string[] = [];
    for (const [i, [column, rule]] of ruled.entries()) {
      const field = fields[i] as string;
      const value =
        rule.read(field) ?? rule.read(field.trim()) ?? (field === '' ? ABSENT[column] : undefined);
      if (value === undefined) return { reason: refusal(column, rule, field) };
      values.push(value);
    }
    const { created_at = 0, updated_at } = at;
    if (updated_at !== undefined && values[updated_at] === '')
      values[updated_at] = values[created_at] as string;
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
const PLAIN_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?Z$/;

/** A time as the table takes it, in UTC. */
function utc(times: TimeReading): TextRule {
  const { must, read } = time(times);
  return {
    must,
    read(text) {
      const at = read(text);
      return at !== undefined && PLAIN_TIME.test(text) ? text : at;
    },
  };
}

/** The instant of a time in the form of the table. */
const instantOf = (text: string) => writtenInstant(text, 'UTC') as Instant;

const quoted = (value: string) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
