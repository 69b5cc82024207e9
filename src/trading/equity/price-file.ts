import type { Context } from '../../context.ts';
import { DAY_RULE, isBookDay } from '../../domain/day.ts';
import { SHARE_SERIES } from '../../domain/exchanges.ts';
import { isWrittenDay, writtenInstant } from '../../domain/instant.ts';
import { readPrice, readPriceOrNone } from '../../domain/money.ts';
import { readSymbol, SYMBOL_RULE, type TradingSymbol, withoutSeries } from '../../domain/symbol.ts';
import { namedRows, openTable, type Values } from '../../platform/files/open-table.ts';
import type { Columns } from '../../platform/files/read-header.ts';
import { usage } from '../../util/failure.ts';

/** Closing prices by day, of the symbols that were asked for. */
export interface ClosingPrices {
  /** The first and the last day of the file; '' for a file without prices. */
  first: string;
  last: string;
  /** The close of a symbol on a day, rupees a share. */
  closeOf: (symbol: TradingSymbol, day: string) => number | undefined;
  /** Symbols of the file that nobody asked for: the first of them, and how many. */
  others: { named: readonly string[]; count: number };
  /** How many rows of a bhavcopy have no close: what was not traded. */
  unpriced: number;
}

/** The name of NSE's file before July 2024, and of the one with delivered shares; and of the one since (UDiFF). */
const BHAVCOPY = new Map([
  ['date', ['timestamp', 'date1', 'traddt']],
  ['symbol', ['symbol', 'tckrsymb']],
  ['series', ['series', 'sctysrs']],
  ['close', ['close', 'close price', 'clspric']],
  ['kind', ['fininstrmtp']],
  ['contract', ['fininstrmnm']],
  ['source', ['src']],
]);
const COLUMNS: Columns = {
  required: ['date', 'symbol', 'close'],
  optional: [],
  example: "date,symbol,close, or be NSE's bhavcopy",
  instead: [
    {
      required: ['date', 'symbol', 'series', 'close'],
      optional: ['kind', 'contract', 'source'],
      aliases: BHAVCOPY,
    },
  ],
};

const MAX_OTHERS = 100_000;
const MAX_NAMED = 20;

/**
 * Reads closing prices row by row, whatever the size of the file: CSV of date,symbol,close, or NSE's bhavcopy as it is published,
 * compressed or not. Only prices of symbols that are `wanted` are kept. Throws a usage error that names the line for what is no day,
 * symbol or price, and for a symbol with two prices of a day in the series that counts.
 */
export async function readClosingPrices(
  path: string,
  wanted: ReadonlySet<TradingSymbol>,
  ctx: Context,
): Promise<ClosingPrices> {
  const table = await openTable(path, COLUMNS, ctx);
  const rowOf = table.known === COLUMNS ? plainRow : bhavcopyRow;
  const prices = emptyPrices();
  const others = new Set<string>();
  let first = '';
  let last = '';
  let unpriced = 0;
  const take = (row: ClosingPrice, line: number): void => {
    if (row.close === 0) {
      unpriced++;
      return;
    }
    if (first === '' || row.day < first) first = row.day;
    if (row.day > last) last = row.day;
    if (wanted.has(row.symbol)) prices.add(row, line);
    else if (others.size < MAX_OTHERS) others.add(row.symbol);
  };
  const refuse = (line: number, problem: string) => usage(`${table.name}: line ${line}: ${problem}.`);
  for await (const { rows, bad } of namedRows(table)) {
    ctx.signal.throwIfAborted();
    if (bad[0]) throw usage(`${table.name}: line ${bad[0].line} ${bad[0].reason}.`);
    for (const { line, values } of rows) {
      const row = rowOf(values);
      if (typeof row === 'string') throw refuse(line, row);
      if (row) take(row, line);
    }
  }
  const [twice] = prices.twice();
  if (twice) throw refuse(...twice);
  return {
    ...{ first, last, closeOf: prices.closeOf, unpriced },
    others: { named: [...others].slice(0, MAX_NAMED), count: others.size },
  };
}

/** A row of a file; of several of a symbol and day the highest rank counts. */
interface ClosingPrice {
  day: string;
  symbol: TradingSymbol;
  close: number;
  rank: number;
}

// Days of a year in twelve months of 31.
const DAYS = 372;
const placeOf = (day: string) => (Number(day.slice(5, 7)) - 1) * 31 + Number(day.slice(8, 10)) - 1;

/** Prices in nine bytes a day of a symbol, so that years of thousands of symbols fit. */
function emptyPrices() {
  const years = new Map<string, { closes: Float64Array; ranks: Uint8Array }>();
  const keyOf = (symbol: string, day: string) => `${day.slice(0, 4)} ${symbol}`;
  // A series that counts more may come later in the file.
  const twice = new Map<string, [line: number, problem: string]>();
  return {
    closeOf: (symbol: TradingSymbol, day: string) =>
      years.get(keyOf(symbol, day))?.closes[placeOf(day)] || undefined,
    /** Adds a price, which replaces one of a lower rank. */
    add({ day, symbol, close, rank }: ClosingPrice, line: number): void {
      const key = keyOf(symbol, day);
      const year = years.get(key) ?? { closes: new Float64Array(DAYS), ranks: new Uint8Array(DAYS) };
      years.set(key, year);
      const at = placeOf(day);
      const known = year.ranks[at] as number;
      const cell = `${symbol} ${day}`;
      if (known < rank) {
        year.closes[at] = close;
        year.ranks[at] = rank;
        twice.delete(cell);
      } else if (known === rank && year.closes[at] !== close && !twice.has(cell))
        twice.set(cell, [line, `${symbol} has two prices on ${day}`]);
    },
    /** Lines with a second price of the rank that counts, in the order of the file. */
    twice: () => twice.values(),
  };
}

const NO_DAY = `the date ${DAY_RULE}`;
const NO_PRICE = 'the close must be a price above 0';

/** A row of date,symbol,close, or what is wrong with it. */
function plainRow({ date = '', symbol: name = '', close: price = '' }: Values): ClosingPrice | string {
  const day = dayOf(date);
  const symbol = readSymbol(withoutSeries(name));
  const close = readPrice(price);
  if (day === undefined) return NO_DAY;
  if (symbol === undefined) return `the symbol ${SYMBOL_RULE}`;
  return close === undefined ? NO_PRICE : { day, symbol, close, rank: 1 };
}

/** A row of a bhavcopy; with a close of 0 for what was not traded, and undefined for what has no name here. */
function bhavcopyRow(values: Values): ClosingPrice | string | undefined {
  const day = dayOf(values['date'] ?? '');
  const close = readPriceOrNone((values['close'] ?? '').replace(/^-?$/, '0'));
  const { name, rank } = nameOf(values);
  const symbol = readSymbol(name);
  if (day === undefined) return NO_DAY;
  if (close === undefined) return NO_PRICE;
  return symbol === undefined ? undefined : { day, symbol, close, rank };
}

const MAX_KNOWN_DAYS = 40_000;
const knownDays = new Map<string, string>();

/** The day that a text means: 2026-01-31 or 31-JAN-2026; undefined for any other, and for one before there was NSE: a mistyped year. */
function dayOf(text: string): string | undefined {
  const before = knownDays.get(text);
  if (before !== undefined) return before;
  const isNamed = /^\d{2}-[A-Za-z]{3}-\d{4}$/.test(text);
  const written = isWrittenDay(text) ? text : isNamed ? writtenInstant(text, 'UTC')?.slice(0, 10) : undefined;
  const day = written !== undefined && isBookDay(written) ? written : undefined;
  if (day !== undefined && knownDays.size < MAX_KNOWN_DAYS) knownDays.set(text, day);
  return day;
}

// Papers that have a symbol of their own: gold bonds, and units of trusts.
const OWN_SYMBOL = ['GB', 'IV', 'RR'];
const BLOCK_DEALS = ['BL', 'IL'];
/** Series whose prices have the symbol alone as their name, the one that counts first. */
const BY_SYMBOL: readonly string[] = [
  ...SHARE_SERIES.filter((series) => !BLOCK_DEALS.includes(series)),
  ...OWN_SYMBOL,
  ...BLOCK_DEALS,
];

/**
 * What a row of a bhavcopy is the price of: a share without its series, any other paper of a company with it (IRFC-N1) unless it
 * has a symbol of its own, a derivative by its contract. Each series has a rank of its own.
 */
function nameOf({ symbol = '', series = '', kind = '', contract = '', source = '' }: Values) {
  if (/^(IDF|IDO|STF|STO)$/.test(kind)) return { name: contract, rank: 1 };
  // At BSE these are groups of shares.
  if (source === 'BSE' || series === '') return { name: symbol, rank: 1 };
  const at = BY_SYMBOL.indexOf(series.toUpperCase());
  return at < 0
    ? { name: `${symbol}-${series}`, rank: 1 }
    : { name: symbol, rank: 1 + BY_SYMBOL.length - at };
}
