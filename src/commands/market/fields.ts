import type { Fields, RowOf } from '../../cli/result.ts';
import { ageOf, QUOTE_DETAILS, type Reading } from '../../domain/quote.ts';

export const quoteFields = {
  symbol: { type: 'text' },
  ltp: { type: 'number', kind: 'price' },
  timestamp: { type: 'time' },
  age_seconds: { type: 'integer', kind: 'seconds' },
  stale: { type: 'boolean', kind: 'alarm' },
  bid: { type: 'number', kind: 'price', hidden: true },
  ask: { type: 'number', kind: 'price', hidden: true },
  open: { type: 'number', kind: 'price', hidden: true },
  high: { type: 'number', kind: 'price', hidden: true },
  low: { type: 'number', kind: 'price', hidden: true },
  close: { type: 'number', kind: 'price', hidden: true },
  volume: { type: 'integer', hidden: true },
  unreadable: { type: 'text' },
} as const satisfies Fields;

export type Shown = RowOf<typeof quoteFields>;

/** A reading as its columns; a quote older than `staleAfterMs` is stale. */
export function show({ symbol, quote, unreadable = '' }: Reading, now: Date, staleAfterMs: number): Shown {
  const age = quote ? ageOf(quote.timestamp, now) : null;
  const details = Object.fromEntries(QUOTE_DETAILS.map((name) => [name, quote?.[name] ?? null]));
  return {
    symbol,
    ltp: quote?.ltp ?? null,
    timestamp: quote?.timestamp ?? null,
    age_seconds: age === null ? null : Math.floor(age / 1_000),
    stale: age === null ? null : age > staleAfterMs,
    ...(details as Pick<Shown, (typeof QUOTE_DETAILS)[number]>),
    unreadable: unreadable === '' ? null : unreadable,
  };
}
