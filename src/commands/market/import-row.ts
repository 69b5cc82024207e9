import { writtenInstant } from '../../domain/instant.ts';
import { isPrice, problemOf, QUOTE_DETAILS, type Quote } from '../../domain/quote.ts';
import { tradingSymbol } from '../../domain/symbol.ts';

export const QUOTE_COLUMNS = { required: ['symbol', 'ltp', 'timestamp'], optional: QUOTE_DETAILS } as const;

/** Parses a quote from one row of text, or returns why it is invalid. A local time is in the trading time zone. */
export function parseRow(
  row: Readonly<Record<string, string>>,
  now: Date,
  timeZone: string,
): Quote | { reason: string } {
  const symbol = tradingSymbol.safeParse(row['symbol'] ?? '');
  if (!symbol.success) return { reason: `symbol ${symbol.error.issues[0]?.message}` };
  const ltp = numberOf(row['ltp'] ?? '');
  const complaint = badPrice(ltp);
  if (complaint) return { reason: `ltp ${complaint}` };
  const timestamp = writtenInstant(row['timestamp'] ?? '', timeZone);
  if (timestamp === undefined)
    return { reason: 'timestamp must be a time such as 2026-01-31T09:15:00+05:30' };
  const quote: Quote = { symbol: symbol.data, ltp, timestamp };
  for (const name of QUOTE_DETAILS) {
    const text = row[name] ?? '';
    if (text === '') continue;
    const value = numberOf(text);
    const complaint = name === 'volume' ? badVolume(value) : badPrice(value);
    if (complaint) return { reason: `${name} ${complaint}` };
    quote[name] = value;
  }
  const reason = problemOf(quote, now);
  return reason === undefined ? quote : { reason };
}

const badPrice = (value: number) =>
  isPrice(value) ? undefined : 'must be a number of rupees from 0.01 to 1000000000';
const badVolume = (value: number) =>
  Number.isSafeInteger(value) ? undefined : 'must be a whole number of shares';

const numberOf = (text: string): number => (/^\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : Number.NaN);
