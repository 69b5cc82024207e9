import type { Context } from '../../context.ts';
import { ageOf } from '../../domain/quote.ts';
import { withTimeout } from '../../platform/redis/connect.ts';
import { Failure } from '../../util/failure.ts';
import { readQuotes } from './store.ts';

/**
 * The cached price of a symbol in rupees a share, for an order that needs none; 0 where the cache has none that is
 * fresh. Why it is not used, or that Redis is away, is said once; it never takes longer than redis.timeout.
 */
export async function referencePrice(symbol: string, timeout: number, ctx: Context): Promise<number> {
  const [now, { staleAfter }] = [ctx.now(), await ctx.config()];
  const asked = ctx.redis().then((redis) => readQuotes(redis, [symbol], now));
  // What comes after the time is up is nobody's concern.
  asked.catch(() => {});
  try {
    const [reading] = await withTimeout(timeout, asked);
    if (!reading) return 0;
    const { quote, unreadable } = reading;
    if (quote && ageOf(quote.timestamp, now) <= staleAfter) return quote.ltp;
    if (quote || unreadable)
      await ctx.io.say(
        `No reference price: the quote of ${symbol} ${quote ? 'is stale' : `cannot be read: ${unreadable}`}.`,
      );
  } catch (error) {
    const failure = await ctx.explain(error);
    if (!(failure instanceof Failure) || ctx.signal.aborted) throw failure;
    await ctx.io.say(`No reference price: ${failure.message}`);
    // Who did not answer in time is not waited for a second time when the order is committed.
    if (failure.kind === 'unreachable')
      ctx.redis().then(
        ({ close }) => close(),
        () => {},
      );
  }
  return 0;
}
