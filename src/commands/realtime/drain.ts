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
  details: `Every command projects its own changes to Redis after the commit. Changes stay in the outbox while Redis is unreachable;
this command projects them, oldest first. For cron, every minute. With an empty outbox it does not connect to Redis. Exits 8
if changes are still waiting.`,
  async run(_input, ctx: Context) {
    const db = await ctx.db();
    const { pending, oldest } = await countPending(db);
    if (pending === 0 || ctx.dryRun) return { drained: 0, pending };
    const { drainAll } = await import('../../projection/project.ts');
    try {
      return { drained: await drainAll(db, await ctx.redis(), ctx.now, ctx.signal), pending: 0 };
    } catch (error) {
      const failure = await ctx.explain(error);
      // A missing permission in the database is not resolved by waiting.
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

/** Kinds of failure that mean Redis is unavailable. */
const AWAY: readonly string[] = ['unreachable', 'forbidden', 'refused'];
