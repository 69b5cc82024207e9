import { SHARE_SERIES } from '../../domain/exchanges.ts';
import type { TimeReading } from '../../domain/file-values.ts';
import { QUOTE_DETAILS, type Quote } from '../../domain/quote.ts';
import type { Numbered, Values } from '../../platform/files/open-table.ts';
import type { Columns } from '../../platform/files/read-header.ts';
import { plainUpperCase } from '../../util/text.ts';
import { quoteReader } from './quote-file.ts';

/** A layout of NSE's daily file of prices: of old, with deliveries, and UDiFF. */
export interface Bhavcopy {
  name: string;
  columns: Columns;
}

type Names = Readonly<Record<string, string>>;

const layout = (name: string, required: Names, optional: Names): Bhavcopy => ({
  name,
  columns: {
    required: Object.keys(required),
    optional: Object.keys(optional),
    aliases: new Map(Object.entries({ ...required, ...optional }).map(([ours, theirs]) => [ours, [theirs]])),
  },
});

/** The layouts, by our names of their columns; `close` is that of the day before, as in every quote. */
export const BHAVCOPIES: readonly Bhavcopy[] = [
  layout(
    'bhavcopy',
    { symbol: 'symbol', series: 'series', ltp: 'last', timestamp: 'timestamp' },
    { open: 'open', high: 'high', low: 'low', close: 'prevclose', volume: 'tottrdqty' },
  ),
  layout(
    'bhavdata',
    { symbol: 'symbol', series: 'series', ltp: 'last price', timestamp: 'date1' },
    { open: 'open price', high: 'high price', low: 'low price', close: 'prev close', volume: 'ttl trd qnty' },
  ),
  layout(
    'udiff',
    { symbol: 'tckrsymb', series: 'sctysrs', ltp: 'lastpric', timestamp: 'traddt' },
    {
      open: 'opnpric',
      high: 'hghpric',
      low: 'lwpric',
      close: 'prvsclsgpric',
      volume: 'ttltradgvol',
      expiry: 'xprydt',
    },
  ),
];

/** The day is that of the exchange, and its last price is known when trading closes. */
export const EXCHANGE_TIMES = { timeZone: 'Asia/Kolkata' } as const;
const CLOSE = '15:30';

/** A quote of one of the series of a symbol. */
export interface SeriesQuote {
  quote: Quote;
  series: string;
}

/**
 * Reads the rows of a bhavcopy; `choose` then separates the quotes of the series that a symbol means from others. A symbol
 * without a series of shares means its only one.
 */
export function bhavcopyReader(now: Date, times: TimeReading) {
  const read = quoteReader(now, times);
  // Rows without a price count too: a bond is not the price of a share that was not traded.
  const series = new Map<string, Set<string>>();
  const seriesOf = (symbol: string) => series.get(plainUpperCase(symbol)) ?? new Set();
  const meant = (symbol: string) => {
    const all = seriesOf(symbol);
    return SHARE_SERIES.find((each) => all.has(each)) ?? (all.size === 1 ? [...all][0] : undefined);
  };
  return {
    read(row: Values): SeriesQuote | { reason: string } {
      const { symbol = '', series: own = '', ltp = '', expiry = '', timestamp = '' } = row;
      if (/[1-9]/.test(expiry)) return { reason: `is of a contract on ${symbol}, not of a share` };
      series.set(plainUpperCase(symbol), seriesOf(symbol).add(plainUpperCase(own)));
      if (isNone(ltp)) return { reason: `${symbol} ${own} has no last price: it was not traded` };
      const details = QUOTE_DETAILS.map((name) => [name, isNone(row[name]) ? '' : row[name]]);
      const at = timestamp.includes(':') ? timestamp : `${timestamp} ${CLOSE}`;
      const quote = read({ ...row, ...Object.fromEntries(details), timestamp: at });
      return 'reason' in quote ? quote : { quote, series: plainUpperCase(own) };
    },
    choose(rows: readonly Numbered<SeriesQuote>[]) {
      const isMeant = ({ value }: Numbered<SeriesQuote>) => value.series === meant(value.quote.symbol);
      return { rows: rows.filter(isMeant), others: rows.filter((row) => !isMeant(row)) };
    },
  };
}

const isNone = (text: string | undefined) => text === undefined || /^(-|0*(\.0*)?)$/.test(text);
