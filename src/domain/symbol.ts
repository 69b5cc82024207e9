import * as z from 'zod/mini';
import { plainUpperCase } from '../util/text.ts';

/** A trading symbol of at most 20 plain characters, in upper case: RELIANCE, M&M, BAJAJ-AUTO. */
export const tradingSymbol = z.pipe(
  z.pipe(z.string().check(z.trim()), z.transform(plainUpperCase)),
  z.string().check(
    z.regex(/^[A-Z0-9][A-Z0-9&._-]*$/, {
      error: 'must be a symbol of letters, digits and & . _ - such as RELIANCE',
    }),
    z.maxLength(20, { error: 'must have at most 20 characters' }),
  ),
);
