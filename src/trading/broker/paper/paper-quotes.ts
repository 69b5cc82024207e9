import type { Context } from '../../../context.ts';
import { isCoherent } from '../../../domain/paper-matching.ts';
import type { Quote } from '../../../domain/quote.ts';
import type { TradingSymbol } from '../../../domain/symbol.ts';
import { readQuoteFile } from '../../quotes/read-quotes.ts';

/** Where quotes come from: of these symbols, those there are. */
export type QuoteSource = (symbols: readonly TradingSymbol[]) => Promise<Quote[]>;

/**
 * The quotes of a file; without one, those in Redis; without Redis, the marks of positions that are newer than their last
 * fill. Throws a usage error for a file with lines that are not quotes.
 */
export async function openQuotes(ctx: Context, file: string | undefined): Promise<QuoteSource> {
  if (file !== undefined) return fromFile(ctx, file);
  const { redis } = await ctx.config();
  return redis ? fromRedis(ctx) : fromMarks(ctx);
}

async function fromFile(ctx: Context, file: string): Promise<QuoteSource> {
  const { newest, bad } = await readQuoteFile(file, { timeZone: undefined, dates: undefined }, ctx);
  for (const { line, reason } of bad) await ctx.io.warn(`Line ${line} is not used: ${reason}`);
  const quotes = new Map(newest.map((quote) => [quote.symbol, quote]));
  return async (symbols) => usable(symbols.flatMap((symbol) => quotes.get(symbol) ?? []));
}

async function fromRedis(ctx: Context): Promise<QuoteSource> {
  const { readQuotes } = await import('../../quotes/store.ts');
  return async (symbols) => {
    const readings = await readQuotes(await ctx.redis('market'), symbols, ctx.now());
    return usable(readings.flatMap((reading) => reading?.quote ?? []));
  };
}

async function fromMarks(ctx: Context): Promise<QuoteSource> {
  const { knownPrices } = await import('../../quotes/known-prices.ts');
  return async (symbols) => {
    const known = await knownPrices(ctx, symbols);
    return [...known].flatMap(([symbol, { price, at, source }]) =>
      source === 'fill' ? [] : [{ symbol, ltp: price, timestamp: at }],
    );
  };
}

const usable = (quotes: readonly Quote[]) => quotes.filter(isCoherent);
