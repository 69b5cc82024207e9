import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { Drift } from '../../projection/compare.ts';
import { pluralize } from '../../util/text.ts';

export const realtime = defineCommand({
  effect: 'read',
  phase: 1,
  verdict: true,
  args: {},
  flags: {},
  fields: { key: { type: 'text' }, detail: { type: 'text' } },
  examples: ['doctor realtime', 'doctor realtime --json'],
  details: `Compares the projection in Redis with the book: every order of the last 7 days, every notification of the last 30, their
lists and TTLs, and orphans. Prints one row per difference, and one for changes that are not in Redis yet; then exits 6.`,
  async run(_input, ctx: Context) {
    const progress = await startProgress(ctx.io, 'comparing Redis with the book');
    const { drifts, seen } = await compare(ctx).finally(() => progress.stop());
    if (drifts.length > 0) {
      await ctx.io.say(
        'For waiting changes, run: pinnacle realtime drain. For other differences: pinnacle realtime rebuild',
      );
      return new Finding(drifts);
    }
    await ctx.io.say(
      `Redis shows the book: ${pluralize(seen, 'order or notification', 'orders and notifications')}.`,
    );
    return drifts;
  },
});

async function compare(ctx: Context): Promise<{ drifts: Drift[]; seen: number }> {
  const [{ countPending }, { keysToRebuild }, { lastingDrifts }, { findOrphans }] = await Promise.all([
    import('../../audit/outbox.ts'),
    import('../../projection/scan-book.ts'),
    import('../../projection/compare.ts'),
    import('../../projection/orphans.ts'),
  ]);
  const [db, phase, redis] = [await ctx.db(), await ctx.phase(), await ctx.redis()];
  const drifts: Drift[] = [];
  let seen = 0;
  for await (const subjects of keysToRebuild(db, phase, ctx.now())) {
    drifts.push(...(await lastingDrifts(db, redis, subjects, ctx)));
    seen += subjects.orders.length + subjects.notifications.length;
  }
  for await (const strays of findOrphans(db, redis, phase))
    for (const { key, member } of strays)
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
  return { drifts, seen };
}
