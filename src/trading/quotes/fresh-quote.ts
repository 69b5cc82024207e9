import type { Context } from '../../context.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';

/**
 * The fresh quote of a symbol in Redis, rupees per share; 0 without one or without Redis. `note` is told why a quote is
 * not used.
 */
export async function freshQuote(
  symbol: TradingSymbol,
  ctx: Context,
  note: (text: string) => Promise<void> = async () => {},
): Promise<number> {
  const { redis } = await ctx.config();
  if (!redis) return 0;
  const { referencePrice } = await import('./reference-price.ts');
  return referencePrice(symbol, redis.timeoutMs, ctx, note);
}
