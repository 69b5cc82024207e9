import type { Context } from '../../context.ts';

/** Does something for each of many, as many at once as there are connections; returns the results in the order of the items. */
export async function eachOf<T, R>(
  ctx: Context,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) {
      ctx.signal.throwIfAborted();
      results[index] = await work(item);
    }
  };
  const { poolSize } = await ctx.config();
  await Promise.all(Array.from({ length: Math.min(poolSize, items.length) }, worker));
  return results;
}
