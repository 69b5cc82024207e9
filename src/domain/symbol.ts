import * as z from 'zod/mini';
import type { Brand } from '../util/brand.ts';
import { plainUpperCase } from '../util/text.ts';

export type TradingSymbol = Brand<string, 'TradingSymbol'>;

const SYMBOL = /^[A-Z0-9][A-Z0-9&._-]*$/;
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

/** A trading symbol of at most 50 plain characters, in upper case: RELIANCE, M&M, BAJAJ-AUTO. */
export const tradingSymbol = z.pipe(
  z.pipe(
    z.pipe(z.string().check(z.trim()), z.transform(plainUpperCase)),
    z.string().check(
      z.regex(SYMBOL, {
        error: 'must be a symbol of letters, digits and & . _ - such as RELIANCE',
      }),
      z.maxLength(50, { error: 'must have at most 50 characters' }),
    ),
  ),
  z.transform((text) => text as TradingSymbol),
);
