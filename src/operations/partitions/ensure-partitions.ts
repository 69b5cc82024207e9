import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';
import { withSession } from '../migrations/rollout-session.ts';
import { assertPartitionable } from './assert-partitionable.ts';
import { lastBound, readForeignKeys, readOriginal, readPartitions, refuseLaterIds } from './layout.ts';
import { AHEAD_PARTITION, boundOf, endOfHistory, monthOf, monthsAhead, timeOf } from './months.ts';
import { extendSteps, validateSteps } from './plan-steps.ts';
import { type CompletedStep, runSteps } from './run-steps.ts';

const LOCK_WAIT_MS = 10_000;

/**
 * Creates the partitions of the next `months` months; returns the steps that were run. Throws NO_PARTITIONS,
 * NOT_PARTITIONED, POSITIONS_STAY_WHOLE or IDS_OF_LATER (exit 5).
 */
export async function ensurePartitions(
  ctx: Context,
  { table, months }: { table: string; months: number },
): Promise<CompletedStep[]> {
  await assertPartitionable(ctx, table);
  return withSession(ctx, LOCK_WAIT_MS, async (session) => {
    const partitions = await readPartitions(session.db);
    if (!partitions)
      throw refused('NOT_PARTITIONED', 'orders is not partitioned.', 'Run: pinnacle partition enable orders');
    const keys = await readForeignKeys(session.db);
    const last = lastBound(partitions);
    const now = ctx.now();
    const first = timeOf(last) as Date;
    if (monthsAhead(first, now, months).length === 0)
      return runSteps(ctx, session, validateSteps(keys.filter(({ valid }) => !valid)));
    const { owner } = await readOriginal(session.db);
    const { rows } = await sql`SELECT FROM ${sql.table(AHEAD_PARTITION)} LIMIT 1`.execute(session.db);
    if (rows.length === 0)
      return runSteps(ctx, session, extendSteps(owner, keys, last, monthsAhead(first, now, months)));
    // Rows that lie ahead become a partition of their own, up to a month that no id can be of yet.
    const until = endOfHistory(now);
    await refuseLaterIds(session.db, boundOf(until > first ? until : first));
    const filled = { partition: monthOf(first).partition, until };
    return runSteps(ctx, session, extendSteps(owner, keys, last, monthsAhead(until, now, months), filled));
  });
}
