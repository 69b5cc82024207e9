import { type Instant, isBefore, microsecondsOf } from './instant.ts';
import { isPrice } from './money.ts';
import { readTimestamp } from './timestamp.ts';

/** Optional fields of a quote: rupees per share, and shares traded. */
export const QUOTE_DETAILS = ['bid', 'ask', 'open', 'high', 'low', 'close', 'volume'] as const;

/** The last traded price of a symbol, in rupees per share, and its time; UTC with Z. */
export type Quote = { symbol: string; ltp: number; timestamp: Instant } & {
  [detail in (typeof QUOTE_DETAILS)[number]]?: number | undefined;
};

/** How the timestamp of a quote is written: as text, as seconds since 1970 with a fraction, or as whole milliseconds. */
export const TIMESTAMP_FORMS = ['rfc3339', 'unix', 'unix-ms'] as const;
export type TimestampForm = (typeof TIMESTAMP_FORMS)[number];

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
// Its milliseconds would be taken for seconds.
const EARLIEST = '1973-03-04T00:00:00.000000Z' as Instant;

/** The age of a quote in milliseconds; never negative, even if its clock is ahead. */
export const ageOf = (timestamp: Instant, now: Date): number =>
  Math.max(0, now.getTime() - Date.parse(timestamp));

/** Whether a time is further in the future than clock differences explain. */
const isAhead = (timestamp: Instant, now: Date): boolean =>
  Date.parse(timestamp) > now.getTime() + MAX_AHEAD_MS;

/** What is wrong with a quote to write, as text; undefined if it is valid. */
export function problemOf({ timestamp, bid, ask, high, low }: Quote, now: Date): string | undefined {
  if (isAhead(timestamp, now)) return 'timestamp is in the future';
  if (isBefore(timestamp, EARLIEST)) return 'timestamp is before 4 March 1973';
  if (bid !== undefined && ask !== undefined && bid > ask) return 'bid is above ask';
  if (high !== undefined && low !== undefined && high < low) return 'high is below low';
  return undefined;
}

/** The JSON of a quote, with its time in the form that the trading services read. */
export function quoteText(quote: Quote, form: TimestampForm): string {
  return JSON.stringify({ ...quote, timestamp: written(quote.timestamp, form) });
}

function written(timestamp: Instant, form: TimestampForm): string | number {
  if (form === 'rfc3339') return timestamp;
  const microseconds = microsecondsOf(timestamp);
  return form === 'unix' ? microseconds / 1_000_000 : Math.floor(microseconds / 1_000);
}

/** Parses a cache entry of a symbol; any program may have written it, so only a valid price counts. */
export function readQuote(symbol: string, text: string, now: Date): Reading {
  const found = text.length > MAX_QUOTE_BYTES ? undefined : objectOf(text);
  if (!found) return { symbol, unreadable: hasNaN(text) ? 'NaN and Infinity are no JSON' : 'no JSON object' };
  const { ltp, timestamp } = found;
  if (ltp === undefined) return { symbol, unreadable: 'no ltp' };
  if (!isPrice(ltp)) return { symbol, unreadable: 'ltp is no number of rupees' };
  const at = readTimestamp(timestamp);
  if ('problem' in at) return { symbol, unreadable: `timestamp ${at.problem}` };
  if (isAhead(at.instant, now)) return { symbol, unreadable: 'timestamp is in the future' };
  const quote: Quote = { symbol, ltp, timestamp: at.instant };
  for (const name of QUOTE_DETAILS) {
    const detail = found[name];
    if (typeof detail === 'number') quote[name] = detail;
  }
  return { symbol, quote };
}

/** Whether a cache entry of a symbol has the fields that `quoteText` writes, in their order. */
export function isOwnQuote(symbol: string, text: string): boolean {
  const found = text.length > MAX_QUOTE_BYTES ? undefined : objectOf(text);
  if (found?.['symbol'] !== symbol) return false;
  const names = Object.keys(found);
  const own = ['symbol', 'ltp', 'timestamp', ...QUOTE_DETAILS.filter((name) => name in found)];
  return String(names) === String(own);
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a text has NaN or Infinity as a value, which Python writes and no parser of JSON reads. */
const hasNaN = (text: string) =>
  text.length <= MAX_QUOTE_BYTES &&
  /[[:,]\s*-?(?:NaN|Infinity)\b/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
