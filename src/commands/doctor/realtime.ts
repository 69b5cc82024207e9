import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
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
lists and TTLs, and orphans. Prints one row per difference, and one for changes that are not in Redis yet; then exits 6. Keys that other
services wrote and the book does not know are named on stderr and are no difference.`,
  async run(_input, ctx: Context) {
    const { verifyProjection } = await import('../../projection/verify.ts');
    const progress = await startProgress(ctx.io, 'comparing Redis with the book');
    const { drifts, rows, foreign } = await verifyProjection(ctx).finally(() => progress.stop());
    if (foreign) await ctx.io.say(foreign);
    if (drifts.length > 0) {
      await ctx.io.say(
        'For waiting changes, run: pinnacle realtime drain. For other differences: pinnacle realtime rebuild',
      );
      return new Finding(drifts);
    }
    await ctx.io.say(
      `Redis agrees with the book: ${pluralize(rows, 'order or notification', 'orders and notifications')}.`,
    );
    return drifts;
  },
});
