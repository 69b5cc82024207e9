import type { Context } from '../../context.ts';
import { changesOf, lastPhase, pendingSteps, phaseStates, readHistory, refuseChanged } from './history.ts';
import { withSession } from './rollout-session.ts';
import { runSteps } from './run-steps.ts';
import { assertPhaseExists, loadSteps, newestPhase } from './scripts.ts';

/**
 * Applies the pending steps of the phases up to `to`, by default of all, one transaction each; returns every phase that is
 * applied then. `lockWait` is in milliseconds. Throws SCRIPT_CHANGED or PHASE_UNKNOWN (exit 5) where the history differs.
 */
export async function migrateUp(
  ctx: Context,
  { to, lockWait }: { to: number | undefined; lockWait: number },
) {
  const steps = await loadSteps();
  const goal = to ?? newestPhase(steps);
  assertPhaseExists('--to', goal, steps);
  return withSession(ctx, lockWait, async (session) => {
    const history = await readHistory(session.db);
    refuseChanged(changesOf(steps, history));
    const pending = pendingSteps(steps, history, goal);
    if (pending.length === 0)
      await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(history)}.`);
    const done = await runSteps(
      ctx,
      session,
      pending.map((step) => ({ step, direction: 'up' })),
    );
    const now = [...history, ...done.flatMap(({ applied }) => applied ?? [])];
    return phaseStates(steps, now).filter(({ state }) => state !== 'pending');
  });
}
