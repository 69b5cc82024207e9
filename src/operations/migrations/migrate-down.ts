import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';
import { confirmLoss } from './confirm-loss.ts';
import { changesOf, lastPhase, phaseStates, readHistory, refuseChanged } from './history.ts';
import { refuseFlows } from './refuse-flows.ts';
import { withSession } from './rollout-session.ts';
import { type CompletedStep, runSteps } from './run-steps.ts';
import { assertPhaseExists, isSameStep, loadSteps } from './scripts.ts';

/**
 * Reverts every step of the phases after `to`, by default of the last one, dropping their tables; tables with rows need a
 * confirmation, and movements of money are refused (FLOWS_BOOKED) unless `keepCapital`. `lockWait` is in milliseconds.
 */
export async function migrateDown(
  ctx: Context,
  { to, keepCapital, lockWait }: { to: number | undefined; keepCapital: boolean; lockWait: number },
) {
  const steps = await loadSteps();
  assertPhaseExists('--to', to ?? 0, steps);
  return withSession(ctx, lockWait, async (session) => {
    const history = await readHistory(session.db);
    const goal = to ?? Math.max(0, lastPhase(history) - 1);
    const reverted = history.filter(({ phase }) => phase > goal);
    if (reverted.length === 0) {
      await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(history)}.`);
      return [];
    }
    refuseChanged(changesOf(steps, reverted.toReversed()));
    const chosen = steps.filter((step) => reverted.some((applied) => isSameStep(applied, step)));
    const newestFirst = chosen.toReversed();
    if (!keepCapital) await refuseFlows(session, newestFirst);
    await confirmLoss(ctx, session, newestFirst);
    const runs = newestFirst.map((step) => ({ step, direction: 'down' as const }));
    return revertedPhases(await runSteps(ctx, session, runs));
  });
}

/** The phases of the steps that were reverted; a phase took as long as its steps together. */
function revertedPhases(done: readonly CompletedStep[]) {
  return done
    .filter(({ step }) => step.step === 1)
    .map(({ step: { phase, name } }) => ({
      phase,
      name,
      state: 'pending' as const,
      applied_at: null,
      applied_by: null,
      duration_ms: done
        .filter(({ step }) => step.phase === phase)
        .reduce((sum, { duration_ms }) => sum + duration_ms, 0),
    }));
}

/**
 * Reverts every step of the last phase and applies them again, in one transaction; returns the phase. Throws
 * NOTHING_APPLIED (exit 5) where there is none, and FLOWS_BOOKED as migrateDown.
 */
export async function redoLastPhase(
  ctx: Context,
  { keepCapital, lockWait }: { keepCapital: boolean; lockWait: number },
) {
  const steps = await loadSteps();
  return withSession(ctx, lockWait, async (session) => {
    const history = await readHistory(session.db);
    const phase = lastPhase(history);
    if (phase === 0) throw refused('NOTHING_APPLIED', 'No phase is applied.', 'Run: pinnacle migrate up');
    // The up script of the last phase is what is being worked on.
    refuseChanged(changesOf(steps, history).filter((change) => change.phase < phase || change.part !== 'up'));
    const chosen = steps.filter(
      (step) => step.phase === phase && history.some((one) => isSameStep(one, step)),
    );
    if (!keepCapital) await refuseFlows(session, chosen);
    await confirmLoss(ctx, session, chosen.toReversed());
    const runs = [
      ...chosen.toReversed().map((step) => ({ step, direction: 'down' as const })),
      ...chosen.map((step) => ({ step, direction: 'up' as const })),
    ];
    const done = await runSteps(ctx, session, runs, true);
    const now = [
      ...history.filter((applied) => applied.phase < phase),
      ...done.flatMap(({ applied }) => applied ?? []),
    ];
    return phaseStates(steps, now).filter((row) => row.phase === phase);
  });
}
