import { countPending } from '../audit/outbox.ts';
import type { Context } from '../context.ts';
import { pluralize } from '../util/text.ts';
import { type Drift, lastingDrifts } from './compare.ts';
import type { ProjectedTable } from './kinds/kind.ts';
import { projectedKinds } from './kinds/list.ts';
import { liveIds } from './live-ids.ts';
import { findOrphans } from './orphans.ts';

/** Compares Redis with every row whose keys have not outlived their TTL: all differences, and the number of rows. */
export async function verifyProjection(ctx: Context): Promise<{ drifts: Drift[]; rows: number }> {
  const db = await ctx.db();
  const kinds = projectedKinds(await ctx.phase());
  const redis = await ctx.redis();
  const drifts: Drift[] = [];
  let rows = 0;
  for (const kind of kinds)
    for await (const ids of liveIds(db, kind, ctx.now())) {
      drifts.push(...(await driftsOf(ctx, kind.source, ids)));
      rows += ids.length;
    }
  for (const { keys } of kinds)
    for await (const orphans of findOrphans(db, redis, keys, ctx.now))
      for (const { key, member } of orphans)
        drifts.push({
          key,
          detail: member === undefined ? 'is not in the book' : `holds ${member}, which it should not`,
        });
  const { pending, oldest } = await countPending(db);
  if (pending > 0)
    drifts.unshift({
      key: 'realtime_outbox',
      detail: `${pluralize(pending, 'change')} waiting since ${oldest}`,
    });
  return { drifts, rows };
}

/** How Redis differs from these rows, and still does after a pause. */
export async function driftsOf(
  ctx: Context,
  { snapshots }: ProjectedTable,
  ids: readonly string[],
): Promise<Drift[]> {
  const db = await ctx.db();
  const redis = await ctx.redis();
  return lastingDrifts(redis, (now) => snapshots(db, redis.keys, ids, now), ctx);
}
