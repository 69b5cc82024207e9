import { isObject } from '../../util/json.ts';
import type { OrderSide, OrderType, Product } from '../enums.ts';
import { type Instant, writtenInstant } from '../instant.ts';
import { readSymbol, type TradingSymbol, withoutSeries } from '../symbol.ts';

/** The zone of every time that Angel One writes, none of which names it. */
export const VENDOR_ZONE = 'Asia/Kolkata';

/** A row of a book as it came. */
export type Row = Record<string, unknown>;

/** The products of the broker, by ours. */
export const VENDOR_PRODUCTS: Readonly<Record<Product, string>> = {
  CNC: 'DELIVERY',
  MIS: 'INTRADAY',
  NRML: 'CARRYFORWARD',
  MTF: 'MARGIN',
};
const OUR_PRODUCTS = new Map(
  Object.entries(VENDOR_PRODUCTS).map(([ours, theirs]) => [theirs, ours as Product]),
);

/** A value as text without blanks around it: numbers as they are written, '' for null and what is missing. */
export function textIn(row: Row, field: string): string {
  const value = row[field];
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' ? value.trim() : '';
}

/** The first value of some fields that is there. */
export function firstIn(row: Row, ...fields: string[]): string {
  return fields.map((field) => textIn(row, field)).find((text) => text !== '') ?? '';
}

/**
 * A number that may be written as text, with separators of thousands, and with a blank after its sign: `"- 2235.80"`.
 * Undefined where nothing is written. Throws RangeError for other text.
 */
export function numberIn(row: Row, field: string): number | undefined {
  const text = decimalIn(row, field);
  return text === undefined ? undefined : Number(text) + 0;
}

/** The same as decimal text, so that no digit is lost. */
export function decimalIn(row: Row, field: string): string | undefined {
  const text = textIn(row, field).replace(/[\s,]/g, '');
  if (text === '') return undefined;
  if (!/^[+-]?\d{1,15}(\.\d*)?$/.test(text)) throw new RangeError(`${field} is not a number`);
  return text.replace(/^\+/, '').replace(/\.$/, '');
}

/** A whole number of shares. Throws RangeError for a fraction and where none is written, unless `missing` says what that means. */
export function sharesIn(row: Row, field: string, missing?: number): number {
  const shares = numberIn(row, field) ?? missing;
  if (shares === undefined) throw new RangeError(`${field} is missing`);
  if (!Number.isSafeInteger(shares)) throw new RangeError(`${field} is not a whole number of shares`);
  return shares;
}

/** A price in rupees per share; null for none, which the broker writes as 0, too. */
export function priceIn(row: Row, field: string): number | null {
  return Math.abs(numberIn(row, field) ?? 0) || null;
}

/** Our symbol of a row, without its series. Throws RangeError where it names none. */
export function symbolIn(row: Row): TradingSymbol {
  const symbol = readSymbol(withoutSeries(textIn(row, 'tradingsymbol')));
  if (symbol === undefined) throw new RangeError('tradingsymbol is not a symbol');
  return symbol;
}

/** BUY or SELL. Throws RangeError for anything else. */
export function sideIn(row: Row): OrderSide {
  const side = textIn(row, 'transactiontype').toUpperCase();
  if (side !== 'BUY' && side !== 'SELL') throw new RangeError('transactiontype is neither BUY nor SELL');
  return side;
}

/** Our product; null for those that we have no word for, such as bracket orders. */
export const productIn = (row: Row): Product | null =>
  OUR_PRODUCTS.get(textIn(row, 'producttype').toUpperCase()) ?? null;

/** Our type of an order. A MARKET order may come back as a LIMIT at a protected price. */
export function typeIn(row: Row): OrderType {
  const type = textIn(row, 'ordertype').toUpperCase();
  if (type.startsWith('STOP') || type.startsWith('SL')) return 'STOP_LOSS';
  return type === 'MARKET' ? 'MARKET' : 'LIMIT';
}

/** The instant of a time such as `20-Oct-2020 13:10:59`; null for none, and for what nobody can read. */
export function timeIn(row: Row, ...fields: string[]): Instant | null {
  const text = firstIn(row, ...fields);
  return (text && writtenInstant(text, VENDOR_ZONE)) || null;
}

/**
 * The rows of a book: of an array, or of `{ holdings: […] }`; none for null and ''. Throws RangeError for anything else.
 */
export function rowsOf(data: unknown): Row[] {
  if (data === null || data === undefined || data === '') return [];
  const rows = isObject(data) && Array.isArray(data['holdings']) ? data['holdings'] : data;
  if (!Array.isArray(rows) || !rows.every(isObject)) throw new RangeError('is not a list of rows');
  return rows;
}

/** Reads each row; a RangeError names the row by its number from 1. */
export function readRows<T>(rows: readonly Row[], read: (row: Row) => T): T[] {
  return rows.map((row, index) => {
    try {
      return read(row);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RangeError(`row ${index + 1}: ${error.message}`);
    }
  });
}
