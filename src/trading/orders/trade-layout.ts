import type { OrderSide } from '../../domain/enums.ts';
import type { Rule, TimeReading } from '../../domain/file-values.ts';
import { type Columns, plainName } from '../../platform/files/read-header.ts';
import { usage } from '../../util/failure.ts';
import { plainUpperCase } from '../../util/text.ts';
import { TRADE_COLUMNS } from './trade-file.ts';

const OURS = [...TRADE_COLUMNS.required, ...TRADE_COLUMNS.optional] as const;

/** What a column of another program's file of trades holds: a column of ours, or what one is computed from. */
type Source =
  | (typeof OURS)[number]
  /** The time of day, where `executed_at` is the day; the whole of quantity x price; whether the row is a trade. */
  | 'clock'
  | 'value'
  | 'state'
  /** The price of either side, where each has a column. */
  | 'buy_price'
  | 'sell_price'
  /** What only a row of a future or an option has, whose symbol is that of its underlying. */
  | 'expiry'
  /** Both executions of a round trip, where a row is one. */
  | 'is_short'
  | 'open_price'
  | 'open_time'
  | 'close_price'
  | 'close_time';

/** A file of trades that another program writes. */
export interface Layout {
  /** The names of each column as `plainName` has them, the preferred one first. */
  columns: Readonly<Partial<Record<Source, readonly string[]>>>;
  /** Columns that a file may lack. */
  optional?: readonly Source[];
  /** The rows that are trades, by their text in a column; others, such as cancelled orders and sums, are passed over. */
  trades?: { column: Source; are: RegExp };
  /** Columns that hold names of companies where a symbol should be. */
  nameless?: readonly string[];
  /** Its download and its API have different ids of one trade, or one of them has none. */
  idsDiffer?: true;
  /** How times are read if nothing else is asked for. */
  times: Partial<TimeReading>;
}

const DAY_FIRST = { dates: 'dmy' } as const;

/**
 * The files of trades or orders that brokers offer for download, saved as CSV, and behind their names those of the trade
 * book of their API; one entry per broker, and no code.
 */
const LAYOUTS = {
  // Console, tradebook.
  zerodha: {
    columns: {
      trade_id: ['trade id'],
      symbol: ['symbol', 'tradingsymbol'],
      side: ['trade type', 'transaction type'],
      quantity: ['quantity'],
      price: ['price', 'average price'],
      executed_at: ['order execution time', 'fill timestamp', 'trade date'],
    },
    times: DAY_FIRST,
  },
  // Trades history. A row of brokerage has the quantity 0.
  angelone: {
    columns: {
      trade_id: ['trade id', 'fillid'],
      symbol: ['scrip/contract', 'tradingsymbol'],
      side: ['buy/sell', 'transactiontype'],
      quantity: ['quantity', 'fillsize'],
      price: ['fillprice'],
      buy_price: ['buy price'],
      sell_price: ['sell price'],
      executed_at: ['date', 'filltime'],
      clock: ['time', 'trade time'],
    },
    optional: ['clock', 'price', 'buy_price', 'sell_price'],
    trades: { column: 'quantity', are: /[1-9]/ },
    times: DAY_FIRST,
  },
  // Trade report.
  upstox: {
    columns: {
      trade_id: ['trade num', 'trade id'],
      symbol: ['symbol', 'trading symbol', 'tradingsymbol', 'company'],
      side: ['side', 'transaction type'],
      quantity: ['quantity'],
      price: ['price', 'average price'],
      executed_at: ['date', 'exchange timestamp'],
      clock: ['trade time'],
      expiry: ['expiry'],
    },
    optional: ['clock', 'expiry'],
    trades: { column: 'trade_id', are: /./ },
    nameless: ['company'],
    times: DAY_FIRST,
  },
  // Stock order history: one row per order, and the value in place of the price.
  groww: {
    columns: {
      trade_id: ['exchange order id', 'exchange trade id'],
      symbol: ['symbol', 'trading symbol'],
      side: ['type', 'transaction type'],
      quantity: ['quantity'],
      price: ['price'],
      value: ['value'],
      executed_at: ['execution date and time', 'trade date time'],
      state: ['order status'],
    },
    optional: ['price', 'value', 'state'],
    trades: { column: 'state', are: /^executed$/i },
    idsDiffer: true,
    times: DAY_FIRST,
  },
  // Trade history. Its price is the mean of several executions, rounded; the value is exact.
  dhan: {
    columns: {
      trade_id: ['trade id', 'exchangetradeid'],
      symbol: ['symbol', 'tradingsymbol', 'name'],
      side: ['buy/sell', 'transactiontype'],
      quantity: ['quantity/lot', 'quantity', 'tradedquantity'],
      price: ['trade price', 'tradedprice'],
      value: ['trade value'],
      executed_at: ['date', 'exchangetime'],
      clock: ['time'],
      state: ['status'],
    },
    optional: ['trade_id', 'value', 'clock', 'state'],
    trades: { column: 'state', are: /^traded$/i },
    nameless: ['name'],
    idsDiffer: true,
    times: DAY_FIRST,
  },
  // Tradebook. A position that is carried over has a row of either side at midnight, with an id of this kind.
  fyers: {
    columns: {
      trade_id: ['trade number', 'tradenumber'],
      symbol: ['symbol name', 'symbol', 'name'],
      side: ['side'],
      quantity: ['qty', 'tradedqty'],
      price: ['traded price', 'tradeprice'],
      executed_at: ['date & time', 'orderdatetime'],
      state: ['exchange order id'],
    },
    optional: ['trade_id', 'state'],
    trades: { column: 'state', are: /^(?!NDIR)/ },
    nameless: ['name'],
    idsDiffer: true,
    times: DAY_FIRST,
  },
  // Trades of a bot or of a backtest: a row is a round trip, perhaps without its end.
  freqtrade: {
    columns: {
      trade_id: ['trade id', 'id'],
      symbol: ['pair'],
      quantity: ['amount'],
      is_short: ['is short'],
      open_price: ['open rate'],
      open_time: ['open date utc', 'open date'],
      close_price: ['close rate'],
      close_time: ['close date utc', 'close date'],
    },
    optional: ['trade_id', 'is_short', 'close_price', 'close_time'],
    times: { timeZone: 'UTC' },
  },
} as const satisfies Record<string, Layout>;
export type Broker = keyof typeof LAYOUTS;
export const BROKERS = Object.keys(LAYOUTS) as Broker[];

/** The layout of the file that a broker offers. */
export const layoutOf = (broker: Broker): Layout => LAYOUTS[broker];

/**
 * The layout of a file of trades, from a broker and from pairs `theirs=ours`; undefined if neither is given. Throws a
 * usage error for a pair that names no column of trades.
 */
export function tradeLayout(
  broker: Broker | undefined,
  pairs: readonly string[] | undefined,
): Layout | undefined {
  if (broker === undefined && pairs === undefined) return undefined;
  const base = broker === undefined ? OWN : layoutOf(broker);
  const columns = { ...base.columns };
  for (const pair of pairs ?? []) {
    const at = pair.lastIndexOf('=');
    const theirs = plainName(pair.slice(0, Math.max(0, at)));
    const column = OURS.find((each) => each === pair.slice(at + 1).trim());
    if (theirs === '' || column === undefined)
      throw usage(`--map ${pair} is no pair THEIRS=OURS.`, `Ours are: ${OURS.join(', ')}.`);
    columns[column] = [theirs];
  }
  return { ...base, columns };
}

/** The file of a map that --map names in place of pairs `theirs=ours`. */
export function fileOfMap(pairs: readonly string[] | undefined): string | undefined {
  const [named, more] = pairs ?? [];
  return more === undefined && named?.includes('=') === false ? named : undefined;
}

const OWN: Layout = {
  columns: Object.fromEntries(OURS.map((column) => [column, [plainName(column)]])),
  optional: TRADE_COLUMNS.optional,
  times: {},
};

/** The columns of a file in a layout. */
export function columnsOf({ columns, optional = [] }: Layout): Columns {
  const names = Object.keys(columns) as Source[];
  return {
    required: names.filter((column) => !optional.includes(column)),
    optional,
    aliases: new Map(Object.entries(columns)),
  };
}

const SIDES: ReadonlyMap<string, OrderSide> = new Map([
  ['BUY', 'BUY'],
  ['B', 'BUY'],
  ['1', 'BUY'],
  ['SELL', 'SELL'],
  ['S', 'SELL'],
  ['-1', 'SELL'],
]);

/** A side as brokers write it. */
export const BROKER_SIDE: Rule<OrderSide> = {
  must: 'must be one of BUY, B, 1, SELL, S, -1',
  read: (text) => SIDES.get(plainUpperCase(text)),
};
