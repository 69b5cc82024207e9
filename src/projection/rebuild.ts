import type { Context } from '../context.ts';
import { projectedKinds } from './kinds/list.ts';
import { liveIds } from './live-ids.ts';
import { findOrphans, type OrphanKey } from './orphans.ts';
import { drainAll } from './project.ts';
import { writeUntilStable } from './write-snapshots.ts';

/**
 * Rewrites the keys of every row that has not outlived its TTL and deletes orphans; in a dry run only counts them.
 * `onProgress` is called with the number of rows so far. Returns how many rows of each table, and how many orphans.
 */
export async function rebuild(
  ctx: Context,
  onProgress: (rows: number) => void,
): Promise<{ rows: Record<string, number>; orphans: number }> {
  const db = await ctx.db();
  const kinds = projectedKinds(await ctx.phase());
  const redis = await ctx.redis();
  if (!ctx.dryRun) await drainAll(db, redis, ctx.now, ctx.signal);
  const rows = Object.fromEntries(projectedKinds().map(({ source }) => [source.table, 0]));
  let written = 0;
  for (const kind of kinds) {
    const { table, snapshots } = kind.source;
    for await (const ids of liveIds(db, kind, ctx.now())) {
      ctx.signal.throwIfAborted();
      if (!ctx.dryRun) await writeUntilStable(redis, (now) => snapshots(db, redis.keys, ids, now), ctx.now);
      rows[table] = (rows[table] ?? 0) + ids.length;
      written += ids.length;
      onProgress(written);
    }
  }
  const remove = ({ key, member }: OrphanKey) =>
    member === undefined ? redis.client.del(key) : redis.client.srem(key, member);
  let orphans = 0;
  for (const { keys } of kinds)
    for await (const found of findOrphans(db, redis, keys, ctx.now)) {
      ctx.signal.throwIfAborted();
      if (!ctx.dryRun) await Promise.all(found.map(remove));
      orphans += found.length;
    }
  return { rows, orphans };
}
