import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { type Change, changesOf, prepareHistory, readHistory } from './history.ts';
import { inTransaction, type Session, withSession } from './rollout-session.ts';
import { isSameStep, labelOf, loadSteps, type Step } from './scripts.ts';

/**
 * Records the scripts as they are now in place of those that were applied, after a confirmation; returns what changed.
 * Changes no table. `lockWait` is in milliseconds.
 */
export async function repairHistory(ctx: Context, lockWait: number): Promise<Change[]> {
  const steps = await loadSteps();
  return withSession(ctx, lockWait, async (session) => {
    const all = changesOf(steps, await readHistory(session.db));
    const changes = all.filter(({ part }) => part !== 'folder');
    const changed = steps.filter((step) => changes.some((change) => isSameStep(change, step)));
    if (changed.length === 0) {
      await ctx.io.say('Nothing to do: no recorded script has changed.');
      return [];
    }
    const names = changed.map((step) => `${labelOf(step)} ${step.name}`).join(', ');
    await ctx.confirm(
      `The changed scripts of ${names} will be recorded as applied. Have they been reviewed?`,
    );
    await inTransaction(ctx, session, async () => {
      await prepareHistory(session.db);
      for (const step of changed) await recordScripts(ctx, session, step, changes);
    });
    return changes;
  });
}

async function recordScripts(
  ctx: Context,
  { db }: Session,
  step: Step,
  changes: readonly Change[],
): Promise<void> {
  await db
    .updateTable('pinnacle_migrations')
    .set({ name: step.name, up_sha256: step.up.sha256, down_sha256: step.down.sha256 })
    .where('phase', '=', step.phase)
    .where('step', '=', step.step)
    .execute();
  const parts = changes.filter((change) => isSameStep(change, step));
  await writeAudit(db, ctx.origin, {
    target: labelOf(step),
    body: {
      repaired: Object.fromEntries(parts.map(({ part, ...rest }) => [part, rest])),
    },
  });
}
