import type { Context } from '../../context.ts';
import { ageOf, type Reading } from '../../domain/quote.ts';
import { withTimeout } from '../../platform/redis/connect.ts';
import { Failure } from '../../util/failure.ts';
import { readQuotes } from './store.ts';

type Note = (text: string) => Promise<void>;

/**
 * The cached price of a symbol in rupees per share; 0 if the cache has no fresh quote. Notes once why a quote is not
 * used, or that Redis is unreachable; never takes longer than redis.timeout.
 */
export async function referencePrice(
  symbol: string,
  timeout: number,
  ctx: Context,
  note: Note,
): Promise<number> {
  const { staleAfterMs } = (await ctx.config()).market;
  const [reading] = await quotesInTime([symbol], timeout, ctx, note);
  if (!reading) return 0;
  const { quote, unreadable } = reading;
  if (quote && ageOf(quote.timestamp, ctx.now()) <= staleAfterMs) return quote.ltp;
  if (quote || unreadable)
    await note(
      `No reference price: the quote of ${symbol} ${quote ? 'is stale' : `cannot be read: ${unreadable}`}.`,
    );
  return 0;
}

/** The cached quotes of symbols, none if Redis does not answer within `timeout` milliseconds, which is noted. */
export async function quotesInTime(
  symbols: readonly string[],
  timeout: number,
  ctx: Context,
  note: Note,
): Promise<readonly (Reading | undefined)[]> {
  const now = ctx.now();
  const asked = ctx.redis('market').then((redis) => readQuotes(redis, symbols, now));
  // An error after the timeout is ignored.
  asked.catch(() => {});
  try {
    return await withTimeout(timeout, asked);
  } catch (error) {
    const failure = await ctx.explain(error);
    if (!(failure instanceof Failure) || ctx.signal.aborted) throw failure;
    await note(`No reference price: ${failure.message}`);
    // After a timeout here, the commit of the order does not wait for Redis again.
    if (failure.kind === 'unreachable')
      ctx.redis('market').then(
        ({ close }) => close(),
        () => {},
      );
    return [];
  }
}
