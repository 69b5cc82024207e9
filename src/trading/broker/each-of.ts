import type { Context } from '../../context.ts';

/** Does something for each of many, as many at once as there are connections; returns the results in the order of the items. */
export async function eachOf<T, R>(
  ctx: Context,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const [index, item] of waiting) {
      if (failures.length > 0) return;
      ctx.signal.throwIfAborted();
      results[index] = await work(item);
    }
  };
  const { poolSize } = await ctx.config();
  // What others have begun is finished before a failure ends all.
  const workers = Array.from({ length: Math.min(poolSize, items.length) }, () =>
    worker().catch((error) => failures.push(error)),
  );
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
  return results;
}
