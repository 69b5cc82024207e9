import type { Product } from '../enums.ts';
import type { Exchange } from '../exchanges.ts';
import type { Segment } from './schedule.ts';

/** Where a symbol is traded: the exchange, which derivatives have of their own, and what it is. */
export interface Market {
  exchange: Exchange;
  kind: 'shares' | 'futures' | 'options';
}

/** Where derivatives of an exchange are traded. */
export const DERIVATIVES: Readonly<Partial<Record<Exchange, Exchange>>> = { NSE: 'NFO', BSE: 'BFO' };
const SHARES: readonly Exchange[] = ['NSE', 'BSE'];

/** What the symbols of futures and options end in, also as PostgreSQL reads it. */
export const FUTURE = '\\d[A-Z]*FUT$';
export const OPTION = '\\d(?:CE|PE)$';
const IS_FUTURE = new RegExp(FUTURE);
const IS_OPTION = new RegExp(OPTION);

/**
 * Where a symbol is traded, by its form: NIFTY29DEC26FUT is a future, NIFTY29DEC2626000CE an option, at NFO even where NSE is
 * named. Undefined for a symbol that is none of the exchange, such as RELIANCE at NFO.
 */
export function marketOf(symbol: string, exchange: Exchange): Market | undefined {
  const kind = IS_FUTURE.test(symbol) ? 'futures' : IS_OPTION.test(symbol) ? 'options' : 'shares';
  if (kind !== 'shares') return { exchange: DERIVATIVES[exchange] ?? exchange, kind };
  return SHARES.includes(exchange) ? { exchange, kind } : undefined;
}

/** What an order of a product is charged as by itself; shares of MIS are squared off, all others are delivered. */
export const segmentOf = ({ kind }: Pick<Market, 'kind'>, product: Product): Segment =>
  kind !== 'shares' ? kind : product === 'MIS' ? 'intraday' : 'delivery';
