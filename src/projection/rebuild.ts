import type { Context } from '../context.ts';
import { projectedKinds } from './kinds/list.ts';
import { liveIds } from './live-ids.ts';
import { deleteOrphans, findAllOrphans, type OrphanKey } from './orphans.ts';
import { drainAll } from './project.ts';
import { writeUntilStable } from './write-snapshots.ts';

export interface Rebuilt {
  /** How many rows of each table were written. */
  rows: Record<string, number>;
  /** How many orphans of this program were deleted. */
  orphans: number;
  /** The keys and members that are not in the book and that others wrote. */
  foreign: OrphanKey[];
}

/**
 * Rewrites the keys of every row that has not outlived its TTL and deletes the orphans that this program wrote; in a dry run
 * only counts them. What others wrote stays. `onProgress` is called with the number of rows so far.
 */
export async function rebuild(ctx: Context, onProgress: (rows: number) => void): Promise<Rebuilt> {
  const db = await ctx.db();
  const kinds = projectedKinds(await ctx.phase());
  if (!ctx.dryRun) await drainAll(db, ctx.redis, ctx.now, ctx.signal);
  const rows = Object.fromEntries(projectedKinds().map(({ source }) => [source.table, 0]));
  let written = 0;
  for (const kind of kinds) {
    const { table, snapshots } = kind.source;
    const redis = await ctx.redis(kind.purpose);
    for await (const ids of liveIds(db, kind, ctx.now())) {
      ctx.signal.throwIfAborted();
      if (!ctx.dryRun) await writeUntilStable(redis, (now) => snapshots(db, redis.keys, ids, now), ctx.now);
      rows[table] = (rows[table] ?? 0) + ids.length;
      written += ids.length;
      onProgress(written);
    }
  }
  const orphans = await findAllOrphans(ctx);
  // At the end: the key of a member says whose it is.
  const own = orphans.filter((orphan) => orphan.own);
  if (!ctx.dryRun) await deleteOrphans(ctx, own);
  return { rows, orphans: own.length, foreign: orphans.filter((orphan) => !orphan.own) };
}
