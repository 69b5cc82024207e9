import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';
import { confirmLoss } from './confirm-loss.ts';
import { changesOf, lastPhase, readHistory, refuseChanged } from './history.ts';
import { withSession } from './rollout-session.ts';
import { type CompletedPhase, runPhases } from './run-steps.ts';
import { assertPhaseExists, loadPhases } from './scripts.ts';

/**
 * Reverts the phases after `to`, by default the last one, dropping their tables; tables with rows need a confirmation.
 * `lockWait` is in milliseconds.
 */
export async function migrateDown(
  ctx: Context,
  { to, lockWait }: { to: number | undefined; lockWait: number },
): Promise<CompletedPhase[]> {
  const phases = await loadPhases();
  assertPhaseExists('--to', to ?? 0, phases);
  return withSession(ctx, lockWait, async (session) => {
    const history = await readHistory(session.db);
    const goal = to ?? Math.max(0, lastPhase(history) - 1);
    const reverted = history.filter(({ phase }) => phase > goal);
    if (reverted.length === 0) {
      await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(history)}.`);
      return [];
    }
    refuseChanged(changesOf(phases, reverted.toReversed()));
    const chosen = phases.filter(({ phase }) => reverted.some((applied) => applied.phase === phase));
    const newestFirst = chosen.toReversed();
    await confirmLoss(ctx, session, newestFirst);
    return runPhases(
      ctx,
      session,
      newestFirst.map((phase) => ({ phase, direction: 'down' })),
    );
  });
}

/** Reverts the last phase and applies it again, in one transaction. Throws NOTHING_APPLIED (exit 5) where there is none. */
export async function redoLastPhase(ctx: Context, lockWait: number): Promise<CompletedPhase[]> {
  const phases = await loadPhases();
  return withSession(ctx, lockWait, async (session) => {
    const history = await readHistory(session.db);
    // The up script of the last phase is what is being worked on.
    refuseChanged(
      changesOf(phases, history).filter(({ phase, part }) => phase < lastPhase(history) || part !== 'up'),
    );
    const last = phases[lastPhase(history) - 1];
    if (!last) throw refused('NOTHING_APPLIED', 'No phase is applied.', 'Run: pinnacle migrate up');
    await confirmLoss(ctx, session, [last]);
    const steps = [
      { phase: last, direction: 'down' },
      { phase: last, direction: 'up' },
    ] as const;
    const [, applied] = await runPhases(ctx, session, steps, true);
    return applied ? [applied] : [];
  });
}
