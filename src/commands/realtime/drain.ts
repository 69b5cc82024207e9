import { countPending } from '../../audit/outbox.ts';
import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

export const drain = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  repeat: 'resumes',
  phase: 1,
  singleInstance: true,
  args: {},
  flags: {},
  fields: { drained: { type: 'integer' }, pending: { type: 'integer' } },
  examples: ['realtime drain', 'realtime drain --quiet'],
  details: `Every command brings its own changes to Redis once they are committed; where Redis was away they wait, and this brings
them, the oldest first. For cron, every minute. Where nothing waits Redis is not asked. Ends 8 while something still waits.`,
  async run(_input, ctx: Context) {
    const db = await ctx.db();
    const { pending, oldest } = await countPending(db);
    if (pending === 0 || ctx.dryRun) return { drained: 0, pending };
    const { drainAll } = await import('../../projection/project.ts');
    try {
      return { drained: await drainAll(db, await ctx.redis(), ctx.now, ctx.signal), pending: 0 };
    } catch (error) {
      const failure = await ctx.explain(error);
      // What the database does not permit, waiting does not change.
      const isAway = failure instanceof Failure && AWAY.includes(failure.kind) && !isPermissionDenied(error);
      if (!isAway) throw error;
      const waiting = await countPending(db);
      const since = waiting.oldest ?? oldest;
      throw new Failure(
        'pending',
        failure.code,
        `${failure.message} Waiting: ${pluralize(waiting.pending, 'change')}, since ${since}.`,
        { ...failure.details, changed: waiting.pending < pending },
      );
    }
  },
});

/** Failures that say of Redis that it is not there for us. */
const AWAY: readonly string[] = ['unreachable', 'forbidden', 'refused'];
