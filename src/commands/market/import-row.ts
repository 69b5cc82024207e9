import { writtenInstant } from '../../domain/instant.ts';
import { PRICE_RULE, readPrice } from '../../domain/money.ts';
import { problemOf, QUOTE_DETAILS, type Quote } from '../../domain/quote.ts';
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
  const ltp = readPrice(row['ltp'] ?? '');
  if (ltp === undefined) return { reason: `ltp ${PRICE_RULE}` };
  const timestamp = writtenInstant(row['timestamp'] ?? '', timeZone);
  if (timestamp === undefined)
    return { reason: 'timestamp must be a time such as 2026-01-31T09:15:00+05:30' };
  const quote: Quote = { symbol: symbol.data, ltp, timestamp };
  for (const name of QUOTE_DETAILS) {
    const text = row[name] ?? '';
    if (text === '') continue;
    const { read, must } = name === 'volume' ? VOLUME : PRICE;
    const value = read(text);
    if (value === undefined) return { reason: `${name} ${must}` };
    quote[name] = value;
  }
  const reason = problemOf(quote, now);
  return reason === undefined ? quote : { reason };
}

const PRICE = { read: readPrice, must: PRICE_RULE };
const VOLUME = { read: readVolume, must: 'must be a whole number of shares' };

/** Shares traded, which may be none. */
function readVolume(text: string): number | undefined {
  const value = /^\d{1,16}(\.0{1,10})?$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}
