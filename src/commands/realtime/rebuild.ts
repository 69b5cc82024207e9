import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';

export const rebuild = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  repeat: 'resumes',
  phase: 1,
  singleInstance: true,
  args: {},
  flags: {},
  fields: {
    orders: { type: 'integer' },
    notifications: { type: 'integer' },
    strays: { type: 'integer' },
  },
  examples: ['realtime rebuild'],
  details: `Writes every order of the last 7 days, every notification of the last 30 and their lists again, and removes orphans.
Quotes, login sessions and the event streams are not part of the book and stay unchanged. It may run during trading, and
may be repeated.`,
  async run(_input, ctx: Context) {
    const [{ keysToRebuild }, { drainAll, writeUntilStable }, { findOrphans }] = await Promise.all([
      import('../../projection/scan-book.ts'),
      import('../../projection/project.ts'),
      import('../../projection/orphans.ts'),
    ]);
    const [db, phase, redis] = [await ctx.db(), await ctx.phase(), await ctx.redis()];
    const done = { orders: 0, notifications: 0, strays: 0 };
    const progress = await startProgress(ctx.io, 'rebuilding');
    try {
      if (!ctx.dryRun) await drainAll(db, redis, ctx.now, ctx.signal);
      for await (const subjects of keysToRebuild(db, phase, ctx.now())) {
        ctx.signal.throwIfAborted();
        if (!ctx.dryRun) await writeUntilStable(db, redis, subjects, ctx.now);
        done.orders += subjects.orders.length;
        done.notifications += subjects.notifications.length;
        progress.update(`${pluralize(done.orders + done.notifications, 'key')} written`);
      }
      for await (const strays of findOrphans(db, redis, phase)) {
        ctx.signal.throwIfAborted();
        if (!ctx.dryRun)
          await Promise.all(
            strays.map(({ key, member }) =>
              member === undefined ? redis.client.del(key) : redis.client.srem(key, member),
            ),
          );
        done.strays += strays.length;
      }
    } finally {
      progress.stop();
    }
    return done;
  },
});
