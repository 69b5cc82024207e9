import { fromRfc3339, type Instant } from './instant.ts';
import { isPrice } from './money.ts';

/** Optional fields of a quote: rupees per share, and shares traded. */
export const QUOTE_DETAILS = ['bid', 'ask', 'open', 'high', 'low', 'close', 'volume'] as const;

/** The last traded price of a symbol, in rupees per share, and its time; UTC with Z. */
export type Quote = { symbol: string; ltp: number; timestamp: Instant } & {
  [detail in (typeof QUOTE_DETAILS)[number]]?: number | undefined;
};

/** The cache entry of a symbol: a quote, or why it is invalid. */
export interface Reading {
  symbol: string;
  quote?: Quote;
  unreadable?: string;
}

// Clocks of services differ by seconds; a quote further in the future would count as fresh for too long.
const MAX_AHEAD_MS = 60_000;
// A value that another program wrote to the key may be of any size.
const MAX_QUOTE_BYTES = 65_536;

/** The age of a quote in milliseconds; never negative, even if its clock is ahead. */
export const ageOf = (timestamp: Instant, now: Date): number =>
  Math.max(0, now.getTime() - Date.parse(timestamp));

/** Whether a time is further in the future than clock differences explain. */
const isAhead = (timestamp: Instant, now: Date): boolean =>
  Date.parse(timestamp) > now.getTime() + MAX_AHEAD_MS;

/** What is wrong with a quote to write, as text; undefined if it is valid. */
export function problemOf({ timestamp, bid, ask, high, low }: Quote, now: Date): string | undefined {
  if (isAhead(timestamp, now)) return 'timestamp is in the future';
  if (bid !== undefined && ask !== undefined && bid > ask) return 'bid is above ask';
  if (high !== undefined && low !== undefined && high < low) return 'high is below low';
  return undefined;
}

/** The JSON of a quote in the form that the trading services read. */
export function quoteText(quote: Quote): string {
  return JSON.stringify(quote);
}

/** Parses a cache entry of a symbol; any program may have written it, so only a valid price counts. */
export function readQuote(symbol: string, text: string, now: Date): Reading {
  const found = text.length > MAX_QUOTE_BYTES ? undefined : objectOf(text);
  if (!found) return { symbol, unreadable: 'no JSON object' };
  const { ltp, timestamp } = found;
  if (ltp === undefined) return { symbol, unreadable: 'no ltp' };
  if (!isPrice(ltp)) return { symbol, unreadable: 'ltp is no number of rupees' };
  const at = typeof timestamp === 'string' ? fromRfc3339(timestamp) : undefined;
  if (at === undefined) return { symbol, unreadable: 'timestamp is no RFC 3339 time' };
  if (isAhead(at, now)) return { symbol, unreadable: 'timestamp is in the future' };
  const quote: Quote = { symbol, ltp, timestamp: at };
  for (const name of QUOTE_DETAILS) {
    const detail = found[name];
    if (typeof detail === 'number') quote[name] = detail;
  }
  return { symbol, quote };
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
