import {
  isWorking,
  ORDER_SIDES,
  ORDER_STATUSES,
  ORDER_TYPES,
  type OrderSide,
  type OrderType,
  PRODUCTS,
  type Product,
} from '../../domain/enums.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import {
  COUNT,
  ID,
  PRICE,
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
import { type CheckedTerms, triggerProblem } from '../../domain/order-checks.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Columns } from '../../platform/files/read-header.ts';
import type { Row } from '../../platform/files/read-records.ts';
import type { CheckedOrder } from '../instruments/check-order.ts';
import type { ProposedOrder } from '../ledger/insert-orders.ts';

/** What an order names for the broker. Needs step 8 of phase 4. */
const TERMS = ['product', 'exchange', 'trigger_price'] as const;

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
      ...TERMS,
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
  /** What the exchange is asked for, of a working order. */
  terms?: CheckedTerms & Pick<CheckedOrder, 'symbol' | 'exchange'>;
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

/** The same, or nothing. */
const optional = (rule: TextRule): TextRule => ({
  must: `${rule.must}, or nothing`,
  read: (text) => (text === '' ? text : rule.read(text)),
});
const NOT_YET: TextRule = {
  must: 'must be empty on this schema, which has no such column; see: pinnacle migrate up',
  read: (text) => (text === '' ? text : undefined),
};

type Rename = (symbol: TradingSymbol) => TradingSymbol;

const rules = (
  times: TimeReading,
  rename: Rename,
  hasTerms: boolean,
): Readonly<Record<Column, TextRule>> => ({
  order_id: ID,
  user_id: ID,
  strategy_id: { ...optional(ID), must: ID.must },
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
  product: hasTerms ? optional(word(PRODUCTS)) : NOT_YET,
  exchange: hasTerms ? optional(word(EXCHANGES)) : NOT_YET,
  trigger_price: hasTerms ? optional(amount(PRICE)) : NOT_YET,
});

/** The columns of an order that a file does not have. */
const ABSENT: Readonly<Partial<Record<Column, string>>> = {
  filled_quantity: '0',
  filled_price: '0',
  retry_count: '0',
  updated_at: '',
};

interface Reading {
  /** No order may be later. */
  now: Instant;
  times: TimeReading;
  /** Gives the name under which an order is booked. */
  rename: Rename;
  /** Whether the schema has what an order names for the broker; otherwise that must be empty, and is left out. */
  hasTerms: boolean;
}

const isTerm = (column: Column) => (TERMS as readonly Column[]).includes(column);

/** Reads the rows of a file with these columns. */
export function orderReader(columns: readonly string[], { now, times, rename, hasTerms }: Reading) {
  const given = columns as readonly Column[];
  const all = rules(times, rename, hasTerms);
  const ruled = given.map((column) => [column, all[column]] as const);
  const missing = ORDER_FILE.optional.filter((column) => !given.includes(column) && !isTerm(column));
  const isWritten = given.map((column) => hasTerms || !isTerm(column));
  const isWhole = isWritten.every((each) => each);
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
      ) ??
      timeOrderProblem(created, updated, now) ??
      triggerReason(of);
    if (reason) return { reason };
    const rest = missing.map((column) => (column === 'updated_at' ? created : (ABSENT[column] ?? '')));
    const same = raw !== undefined && isWhole && values.every((value, i) => value === fields[i]);
    const written = isWhole ? values : values.filter((_, i) => isWritten[i]);
    const line = same ? raw : written.map(quoted).join(',');
    return {
      order_id: of('order_id') as OrderId,
      user_id: of('user_id') as UserId,
      updated_at: updated,
      csv: rest.length > 0 ? `${line},${rest.join(',')}\n` : `${line}\n`,
      ...(isWorking(of('status')) && { working: workingOrder(of, created), terms: termsOf(of) }),
    };
  };
  return { columns: [...given.filter((_, i) => isWritten[i]), ...missing], read };
}

type Of = (column: Column) => string;

const numberOf = (text: string): number | null => (text === '' ? null : Number(text));

/** What is wrong with the trigger of an order that still works; what ended may have had any. */
function triggerReason(of: Of): string | undefined {
  if (!isWorking(of('status')) || of('trigger_price') === '') return undefined;
  return triggerProblem({ ...termsOf(of), side: of('side') as OrderSide });
}

const termsOf = (of: Of) => ({
  symbol: of('symbol') as TradingSymbol,
  exchange: of('exchange') || null,
  order_type: of('order_type') as OrderType,
  quantity: Number(of('quantity')),
  price: Number(of('price')),
  trigger_price: numberOf(of('trigger_price')),
});

/** The rest of a working order, as it would be placed now. */
function workingOrder(of: Of, created_at: Instant): ProposedOrder {
  const strategy = of('strategy_id');
  return {
    user_id: of('user_id') as UserId,
    strategy_id: strategy === '' ? null : (strategy as StrategyId),
    symbol: of('symbol') as TradingSymbol,
    product: (of('product') || null) as Product | null,
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
