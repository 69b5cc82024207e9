import { countPending } from '../audit/outbox.ts';
import type { Context } from '../context.ts';
import { pluralize } from '../util/text.ts';
import { type Drift, lastingDrifts } from './compare.ts';
import { describeForeign } from './foreign-keys.ts';
import { type ProjectedKind, projectedKinds } from './kinds/list.ts';
import { liveIds } from './live-ids.ts';
import { findAllOrphans, type OrphanKey } from './orphans.ts';

/**
 * Compares Redis with every row whose keys have not outlived their TTL: all differences, the number of rows, and a line on
 * the keys that are not in the book and that others wrote, if there are any.
 */
export async function verifyProjection(
  ctx: Context,
): Promise<{ drifts: Drift[]; rows: number; foreign: string | undefined }> {
  const db = await ctx.db();
  const kinds = projectedKinds(await ctx.phase());
  const drifts: Drift[] = [];
  let rows = 0;
  for (const kind of kinds)
    for await (const ids of liveIds(db, kind, ctx.now())) {
      drifts.push(...(await driftsOf(ctx, kind, ids)));
      rows += ids.length;
    }
  const orphans = await findAllOrphans(ctx);
  drifts.push(...orphans.filter(({ own }) => own).map(describeOrphan));
  const { pending, oldest } = await countPending(db);
  if (pending > 0)
    drifts.unshift({
      key: 'realtime_outbox',
      detail: `${pluralize(pending, 'change')} waiting since ${oldest}`,
    });
  const foreign = orphans.filter(({ own }) => !own);
  return { drifts, rows, foreign: foreign.length > 0 ? describeForeign(foreign) : undefined };
}

const describeOrphan = ({ key, member }: OrphanKey): Drift => ({
  key,
  detail: member === undefined ? 'is not in the book' : `holds ${member}, which it should not`,
});

/** How Redis differs from these rows, and still does after a pause. */
export async function driftsOf(
  ctx: Context,
  { purpose, source: { snapshots } }: Pick<ProjectedKind, 'purpose' | 'source'>,
  ids: readonly string[],
): Promise<Drift[]> {
  const db = await ctx.db();
  const redis = await ctx.redis(purpose);
  return lastingDrifts(redis, (now) => snapshots(db, redis.keys, ids, now), ctx);
}
