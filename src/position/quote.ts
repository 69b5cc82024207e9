import * as z from 'zod/mini';
import { tradingSymbol } from '../order/symbol.ts';

/** A symbol and its price in rupees a share. */
interface Quote {
  symbol: string;
  price: number;
}

/** The columns of a file of marks: a price, or what a quote file calls it. */
export const QUOTE_COLUMNS = { required: ['symbol'], optional: ['price', 'ltp', 'timestamp'] } as const;

/** A quote of two texts, or the reason why it is none. */
export function parseQuote(symbol: string, price: string): Quote | { reason: string } {
  const named = tradingSymbol.safeParse(symbol);
  if (!named.success) return { reason: `${symbol || 'symbol'} ${named.error.issues[0]?.message}` };
  const rupees = /^\d{1,10}(\.\d{1,10})?$/.test(price) ? Number(price) : 0;
  if (rupees < 0.01 || rupees > 1e9)
    return { reason: `the price of ${named.data} must be a number of rupees from 0.01 to 1000000000` };
  return { symbol: named.data, price: rupees };
}

/** `SYMBOL=PRICE` on a command line. */
export const quote = z.pipe(
  z.string().check((ctx) => {
    const read = split(ctx.value);
    if ('reason' in read) ctx.issues.push({ code: 'custom', input: ctx.value, message: `: ${read.reason}` });
  }),
  z.transform((value: string) => split(value) as Quote),
);

function split(text: string): Quote | { reason: string } {
  const at = text.indexOf('=');
  return at < 0
    ? { reason: 'it must be written as SYMBOL=PRICE, such as TCS=4012.50' }
    : parseQuote(text.slice(0, at), text.slice(at + 1));
}
