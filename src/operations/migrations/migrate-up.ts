import type { Context } from '../../context.ts';
import { changesOf, lastPhase, readHistory, refuseChanged, statusOf } from './history.ts';
import { withSession } from './rollout-session.ts';
import { runPhases } from './run-steps.ts';
import { assertPhaseExists, loadPhases } from './scripts.ts';

/**
 * Applies the pending phases up to `to`, by default all, one transaction each; returns every phase that is applied then.
 * `lockWait` is in milliseconds. Throws SCRIPT_CHANGED or PHASE_UNKNOWN (exit 5) where the history differs.
 */
export async function migrateUp(
  ctx: Context,
  { to, lockWait }: { to: number | undefined; lockWait: number },
) {
  const phases = await loadPhases();
  const goal = to ?? phases.length;
  assertPhaseExists('--to', goal, phases);
  return withSession(ctx, lockWait, async (session) => {
    const history = await readHistory(session.db);
    refuseChanged(changesOf(phases, history));
    const steps = phases
      .filter(({ phase }) => phase > lastPhase(history) && phase <= goal)
      .map((phase) => ({ phase, direction: 'up' as const }));
    if (steps.length === 0)
      await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(history)}.`);
    const before = statusOf(phases, history).filter(({ state }) => state === 'applied');
    return [...before, ...(await runPhases(ctx, session, steps))];
  });
}
