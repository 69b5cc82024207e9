import type { Context } from '../../context.ts';
import { ageOf } from '../../domain/quote.ts';
import { withTimeout } from '../../platform/redis/connect.ts';
import { Failure } from '../../util/failure.ts';
import { readQuotes } from './store.ts';

/**
 * The cached price of a symbol in rupees per share; 0 if the cache has no fresh quote. Notes once why a quote is not
 * used, or that Redis is unreachable; never takes longer than redis.timeout.
 */
export async function referencePrice(
  symbol: string,
  timeout: number,
  ctx: Context,
  note: (text: string) => Promise<void>,
): Promise<number> {
  const now = ctx.now();
  const { staleAfterMs } = (await ctx.config()).market;
  const asked = ctx.redis().then((redis) => readQuotes(redis, [symbol], now));
  // An error after the timeout is ignored.
  asked.catch(() => {});
  try {
    const [reading] = await withTimeout(timeout, asked);
    if (!reading) return 0;
    const { quote, unreadable } = reading;
    if (quote && ageOf(quote.timestamp, now) <= staleAfterMs) return quote.ltp;
    if (quote || unreadable)
      await note(
        `No reference price: the quote of ${symbol} ${quote ? 'is stale' : `cannot be read: ${unreadable}`}.`,
      );
  } catch (error) {
    const failure = await ctx.explain(error);
    if (!(failure instanceof Failure) || ctx.signal.aborted) throw failure;
    await note(`No reference price: ${failure.message}`);
    // After a timeout here, the commit of the order does not wait for Redis again.
    if (failure.kind === 'unreachable')
      ctx.redis().then(
        ({ close }) => close(),
        () => {},
      );
  }
  return 0;
}
