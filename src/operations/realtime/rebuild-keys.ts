import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { describeForeign } from '../../projection/foreign-keys.ts';
import { deleteOrphans, findAllOrphans, type PlacedOrphan } from '../../projection/orphans.ts';
import { type Rebuilt, rebuild } from '../../projection/rebuild.ts';
import { pluralize } from '../../util/text.ts';
import { confirmationName } from '../migrations/confirm-loss.ts';

/**
 * Rebuilds the keys in Redis. What others wrote stays and is named; with `deleteForeign` it is deleted, too, once the name of
 * the database is given.
 */
export async function rebuildKeys(ctx: Context, deleteForeign: boolean): Promise<Rebuilt> {
  const named = deleteForeign ? await confirmForeign(ctx) : [];
  // Before, because ids of others keep those of ours that were cut off out of a list.
  if (!ctx.dryRun) await deleteOrphans(ctx, named);
  const progress = await startProgress(ctx.io, 'rebuilding');
  const rebuilt = await rebuild(ctx, (written) =>
    progress.update(`${pluralize(written, 'key')} written`),
  ).finally(() => progress.stop());
  if (deleteForeign) return { ...rebuilt, foreign: named };
  if (rebuilt.foreign.length > 0) {
    await ctx.io.say(describeForeign(rebuilt.foreign));
    await ctx.io.say('They stay. To delete them too: pinnacle realtime rebuild --delete-foreign');
  }
  return rebuilt;
}

/** The keys of others, once the operator has seen them and agrees that they go. */
async function confirmForeign(ctx: Context): Promise<PlacedOrphan[]> {
  const foreign = (await findAllOrphans(ctx)).filter(({ own }) => !own);
  if (foreign.length === 0) return [];
  await ctx.io.say(describeForeign(foreign));
  const name = await confirmationName(ctx, { connection: await ctx.connection(), db: await ctx.db() });
  await ctx.confirmByName(name, `This deletes ${pluralize(foreign.length, 'key')} of others from Redis.`);
  return foreign;
}
