import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';
import { type Session, withSession } from '../migrations/rollout-session.ts';
import { assertPartitionable } from './assert-partitionable.ts';
import { readForeignKeys, readOriginal, readPartitions, refuseLaterIds } from './layout.ts';
import { boundOf, endOfHistory, monthsAhead } from './months.ts';
import { enableSteps, UNDO_STEPS, validateSteps } from './plan-steps.ts';
import { type CompletedStep, runSteps } from './run-steps.ts';

const LOCK_WAIT_MS = 10_000;
const MIN_MONTHS_AHEAD = 2;

/**
 * Turns orders into a table of monthly partitions without copying it, or completes an interrupted conversion; returns the
 * steps that were run. Asks first. Throws NO_PARTITIONS, POSITIONS_STAY_WHOLE, ORDERS_IN_USE or IDS_OF_LATER (exit 5).
 */
export async function enablePartitions(
  ctx: Context,
  { table, months }: { table: string; months: number },
): Promise<CompletedStep[]> {
  await assertPartitionable(ctx, table);
  return withSession(ctx, LOCK_WAIT_MS, async (session) => {
    const keys = await readForeignKeys(session.db);
    if (await readPartitions(session.db)) {
      const left = validateSteps(keys.filter(({ valid }) => !valid));
      if (left.length === 0) await ctx.io.say('Nothing to do: orders is partitioned.');
      return runSteps(ctx, session, left);
    }
    const from = endOfHistory(ctx.now());
    const original = await readOriginal(session.db);
    if (original.attached.length > 0)
      throw refused(
        'ORDERS_IN_USE',
        `These objects would stay with the old table: ${original.attached.join(', ')}.`,
        'Drop them, run this again, and create them anew on the partitioned table.',
      );
    await refuseLaterIds(session.db, boundOf(from));
    await ctx.confirm(
      `orders becomes a table of monthly partitions from ${from.toISOString().slice(0, 7)} on.`,
    );
    const ahead = monthsAhead(from, ctx.now(), Math.max(months, MIN_MONTHS_AHEAD));
    try {
      return await runSteps(ctx, session, enableSteps(original, keys, from, ahead));
    } catch (error) {
      await undo(ctx, session);
      throw error;
    }
  });
}

/** Until the switch, the constraint on new ids must not outlive the attempt; after a lost connection the next run drops it. */
async function undo(ctx: Context, session: Session): Promise<void> {
  const partitions = await readPartitions(session.db).catch(() => []);
  if (!partitions) await runSteps(ctx, session, UNDO_STEPS).catch(() => {});
}
