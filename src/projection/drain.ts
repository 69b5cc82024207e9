import { countPending } from '../audit/outbox.ts';
import type { Context } from '../context.ts';
import { isPermissionDenied } from '../platform/postgres/errors.ts';
import { isRedisUnavailable } from '../platform/redis/errors.ts';
import { Failure } from '../util/failure.ts';
import { pluralize } from '../util/text.ts';
import { drainAll } from './project.ts';

/**
 * Projects the outbox until it is empty; an empty one does not contact Redis, and a dry run only counts. Throws a
 * `pending` failure (exit 8) with the number of entries that remain where Redis is not available.
 */
export async function drainOutbox(ctx: Context): Promise<{ drained: number; pending: number }> {
  const db = await ctx.db();
  const { pending, oldest } = await countPending(db);
  if (pending === 0 || ctx.dryRun) return { drained: 0, pending };
  try {
    return { drained: await drainAll(db, ctx.redis, ctx.now, ctx.signal), pending: 0 };
  } catch (error) {
    const failure = await ctx.explain(error);
    // Waiting does not cure a missing permission of the database.
    if (isPermissionDenied(error) || !isRedisUnavailable(failure)) throw error;
    const waiting = await countPending(db);
    throw new Failure(
      'pending',
      failure.code,
      `${failure.message} Waiting: ${pluralize(waiting.pending, 'change')}, since ${waiting.oldest ?? oldest}.`,
      { ...failure.details, changed: waiting.pending < pending },
    );
  }
}
