import { SHARE_SERIES } from './exchanges.ts';
import { isDay } from './instant.ts';
import { Decimal, MAX_SHARES } from './money.ts';
import { readSymbol, type TradingSymbol, withoutSeries } from './symbol.ts';

type InstrumentKind = 'EQ' | 'FUT' | 'OPT' | 'INDEX' | 'OTHER';

/** An instrument as a file has it. Rupees as decimal text; null where the file has none. */
export interface InstrumentRow {
  exchange: string;
  trading_symbol: string;
  symbol: TradingSymbol;
  /** '' where the file has none. */
  token: string;
  name: string;
  isin: string | null;
  series: string;
  kind: InstrumentKind;
  lot: number | null;
  tick: string | null;
  freeze_quantity: number | null;
  /** YYYY-MM-DD. */
  expiry: string | null;
  strike: string | null;
}

const NUMBER = /^-?\d{1,15}(\.\d{1,10})?$/;

/**
 * The amount in rupees that a number of the scrip master means, which is paise; null for -1, 0 and other placeholders,
 * undefined for what is no number. Strikes of currencies are 100,000 times as many.
 */
export function rupeesOfPaise(text: string, times = 1): string | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (!NUMBER.test(trimmed)) return undefined;
  if (!(Number(trimmed) > 0)) return null;
  const key = `${trimmed}/${times}`;
  const before = divided.get(key);
  if (before !== undefined) return before;
  const rupees = new Decimal(trimmed).div(100 * times).toFixed();
  if (divided.size < MAX_DIVIDED) divided.set(key, rupees);
  return rupees;
}

// Of 95,000 rows few thousand numbers differ, and decimals take their time.
const MAX_DIVIDED = 20_000;
const divided = new Map<string, string>();

/** A whole number of the scrip master such as a lot; null for -1, 0 and none, undefined for what is no such number. */
export function wholeOrNone(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const value = NUMBER.test(trimmed) ? Number(trimmed) : Number.NaN;
  if (value <= 0) return null;
  return Number.isInteger(value) && value <= MAX_SHARES ? value : undefined;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** The day of an expiry such as 28JUL2026, as YYYY-MM-DD; null for none, undefined for what is no day. */
export function dayOfExpiry(text: string): string | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const [, day, month = '', year] = /^(\d{2})([A-Z]{3})(\d{4})$/i.exec(trimmed) ?? [];
  const number = MONTHS.indexOf(month.toUpperCase()) + 1;
  const iso = `${year}-${String(number).padStart(2, '0')}-${day}`;
  return number > 0 && isDay(iso) ? iso : undefined;
}

const isShares = (series: string) => (SHARE_SERIES as readonly string[]).includes(series);

function kindOf(type: string, exchange: string, series: string): InstrumentKind {
  if (/^FUT/.test(type)) return 'FUT';
  if (/^OPT/.test(type)) return 'OPT';
  if (/IDX$/.test(type)) return 'INDEX';
  if (type !== '') return 'OTHER';
  // Bonds and rights of a company stand beside its shares, in other series.
  return exchange === 'BSE' || (exchange === 'NSE' && isShares(series)) ? 'EQ' : 'OTHER';
}

/** What follows the name in a symbol with a series: EQ of SBIN-EQ. */
function seriesOf(tradingSymbol: string, name: string): string {
  const dash = tradingSymbol.lastIndexOf('-');
  const series = tradingSymbol.slice(dash + 1);
  if (dash < 1 || !/^[A-Z0-9]{1,3}$/.test(series)) return '';
  return tradingSymbol.slice(0, dash) === name || isShares(series) ? series : '';
}

/** The exchange of a text such as NSE; undefined for what is no name of one. */
const exchangeOf = (text: string) => (/^[A-Z]{2,10}$/.test(text) ? text : undefined);

/** The text of a value of JSON, where numbers may stand in quotes or not. */
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';

const PLAIN = /^[^\p{Cc}\p{Cs}]*$/u;

/**
 * An object of the broker's scrip master: `token symbol name expiry strike lotsize instrumenttype exch_seg tick_size
 * freeze_qty`, all text, amounts in paise. Or the reason why it is none.
 */
export function scripOf(value: unknown): InstrumentRow | { reason: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { reason: 'is no object' };
  const raw = value as Record<string, unknown>;
  const of = (field: string) => textOf(raw[field]);
  const exchange = exchangeOf(of('exch_seg'));
  if (exchange === undefined) return { reason: 'exch_seg must be an exchange such as NSE' };
  const [trading_symbol, token, name] = [of('symbol'), of('token'), of('name')];
  if (!/^[\w.:-]{1,30}$/.test(token)) return { reason: `token of ${exchange} must be 1 to 30 characters` };
  const series = exchange === 'NSE' ? seriesOf(trading_symbol, name) : '';
  const symbol = readSymbol(isShares(series) ? withoutSeries(trading_symbol) : trading_symbol);
  if (symbol === undefined || trading_symbol.length > 50)
    return { reason: `symbol of token ${token} is none` };
  if (name.length > 200 || !PLAIN.test(name)) return { reason: `name of token ${token} is none` };
  const numbers = {
    lot: wholeOrNone(of('lotsize')),
    tick: rupeesOfPaise(of('tick_size')),
    freeze_quantity: wholeOrNone(of('freeze_qty')),
    expiry: dayOfExpiry(of('expiry')),
    strike: rupeesOfPaise(of('strike'), exchange === 'CDS' ? 100_000 : 1),
  };
  const { lot, tick, freeze_quantity, expiry, strike } = numbers;
  if (
    lot === undefined ||
    tick === undefined ||
    freeze_quantity === undefined ||
    expiry === undefined ||
    strike === undefined
  ) {
    const [wrong] = Object.entries(numbers).find(([, each]) => each === undefined) ?? [];
    return { reason: `${wrong} of ${trading_symbol} is not what it must be` };
  }
  const kind = kindOf(of('instrumenttype'), exchange, series);
  return {
    ...{ exchange, trading_symbol, symbol, token, name, isin: null, series, kind },
    ...{ lot, tick, freeze_quantity, expiry, strike },
  };
}

const ISIN = /^[A-Z]{2}[A-Z0-9]{9}\d$/;

/** A row of NSE's list of shares, EQUITY_L.csv, by our names of its columns. Or the reason why it is none. */
export function listedShareOf(
  row: Readonly<Record<'symbol' | 'name' | 'series' | 'isin', string>>,
): InstrumentRow | { reason: string } {
  const series = row.series.toUpperCase();
  const symbol = readSymbol(row.symbol);
  if (symbol === undefined) return { reason: 'symbol is none' };
  if (!/^[A-Z0-9]{1,3}$/.test(series)) return { reason: `series of ${symbol} must be one such as EQ` };
  if (!ISIN.test(row.isin))
    return { reason: `isin of ${symbol} must have 12 characters, such as INE062A01020` };
  if (row.name.length > 200 || !PLAIN.test(row.name)) return { reason: `name of ${symbol} is none` };
  const trading_symbol = `${symbol}-${series}`;
  return {
    ...{
      exchange: 'NSE',
      trading_symbol,
      symbol: isShares(series) ? symbol : (trading_symbol as TradingSymbol),
    },
    ...{ token: '', name: row.name, isin: row.isin, series, kind: isShares(series) ? 'EQ' : 'OTHER' },
    ...{ lot: null, tick: null, freeze_quantity: null, expiry: null, strike: null },
  };
}
