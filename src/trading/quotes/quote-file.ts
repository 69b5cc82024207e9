import { PRICE, SYMBOL, type TimeReading, takeFrom, time, VOLUME } from '../../domain/file-values.ts';
import { problemOf, QUOTE_DETAILS, type Quote } from '../../domain/quote.ts';
import type { Values } from '../../platform/files/open-table.ts';

export const QUOTE_COLUMNS = { required: ['symbol', 'ltp', 'timestamp'], optional: QUOTE_DETAILS } as const;

/** Returns a parser of rows to quotes, or to the reason why a row is invalid. */
export function quoteReader(now: Date, times: TimeReading): (row: Values) => Quote | { reason: string } {
  const TIME = time(times);
  return (row) => {
    const from = takeFrom(row);
    const quote: Quote = {
      symbol: from.value('symbol', SYMBOL),
      ltp: from.value('ltp', PRICE),
      timestamp: from.value('timestamp', TIME),
    };
    for (const name of QUOTE_DETAILS)
      if (row[name]) quote[name] = from.value(name, name === 'volume' ? VOLUME : PRICE);
    const reason = from.reason ?? problemOf(quote, now);
    return reason === undefined ? quote : { reason };
  };
}
