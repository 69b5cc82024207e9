import * as z from 'zod/mini';
import type { Brand } from '../util/brand.ts';
import { plainUpperCase } from '../util/text.ts';
import { SHARE_SERIES } from './exchanges.ts';

export type TradingSymbol = Brand<string, 'TradingSymbol'>;

// Names at BSE have single spaces, and symbols of NSE a $, as FOCUS$ and indices a *.
const SYMBOL = /^[A-Z0-9][A-Z0-9&._$*-]*(?: [A-Z0-9&._$*-]+)*$/;
const MAX_CHARACTERS = 50;

export const SYMBOL_RULE = `must be a symbol of at most ${MAX_CHARACTERS} letters, digits, single spaces and & . _ $ * -, such as RELIANCE`;
const MAX_KNOWN = 10_000;
const known = new Map<string, TradingSymbol>();

/** The symbol that a text means; undefined for none. A file names few symbols many times. */
export function readSymbol(text: string): TradingSymbol | undefined {
  const before = known.get(text);
  if (before !== undefined) return before;
  const { data } = tradingSymbol.safeParse(text);
  if (data !== undefined && known.size < MAX_KNOWN) known.set(text, data);
  return data;
}

// Bonds and rights (N2, GB, RE) are other instruments under their company's name.
const SERIES = new RegExp(`-(${SHARE_SERIES.join('|')})$`, 'i');

/** A symbol as brokers write it, without the series of shares at its end: `PNB-EQ` is PNB, BAJAJ-AUTO stays. */
export const withoutSeries = (symbol: string): string => symbol.replace(SERIES, '');

/** A trading symbol of at most 50 plain characters, in upper case: RELIANCE, M&M, BAJAJ-AUTO, FOCUS$. */
export const tradingSymbol = z.pipe(
  z.pipe(
    z.pipe(z.string().check(z.trim()), z.transform(plainUpperCase)),
    z.string().check(
      z.regex(SYMBOL, { error: SYMBOL_RULE }),
      z.maxLength(MAX_CHARACTERS, {
        error: `must have at most ${MAX_CHARACTERS} characters`,
      }),
    ),
  ),
  z.transform((text) => text as TradingSymbol),
);
