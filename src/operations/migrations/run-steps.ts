import { writeAudit } from '../../audit/log.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { PATIENT_LOCKS, retryUnderLocks } from '../../platform/postgres/retry-under-locks.ts';
import { createTargetSchema } from '../../platform/postgres/target-schema.ts';
import { formatDuration } from '../../util/duration.ts';
import { explainStep, StatementError } from './explain-failure.ts';
import { type Applied, recordStep, unrecordStep } from './history.ts';
import { withOwnNames } from './name-types.ts';
import { inTransaction, type Session } from './rollout-session.ts';
import { labelOf, type StepRun, titleOf } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** A step that was applied, with what is recorded of it, or reverted. */
export interface CompletedStep extends StepRun {
  applied: Applied | undefined;
  duration_ms: number;
}

/** Runs the steps, one transaction each; all of them in one with `together`, and in a dry run. */
export async function runSteps(
  ctx: Context,
  session: Session,
  runs: readonly StepRun[],
  together = false,
): Promise<CompletedStep[]> {
  const transactions = together || ctx.dryRun ? [runs] : runs.map((run) => [run]);
  const done: CompletedStep[] = [];
  for (const group of transactions.filter((some) => some.length > 0)) {
    const finished = await runTransaction(ctx, session, group, done.length > 0);
    done.push(...finished);
    for (const { step, direction, duration_ms } of finished) {
      const what = direction === 'up' ? 'applied' : 'reverted';
      await ctx.io.say(`${titleOf(step)} ${what} in ${formatDuration(duration_ms)}`);
    }
  }
  return done;
}

async function runTransaction(
  ctx: Context,
  session: Session,
  runs: readonly StepRun[],
  changed: boolean,
): Promise<CompletedStep[]> {
  const done: CompletedStep[] = [];
  const current = () => runs[done.length] ?? runs.at(-1);
  const attempt = () =>
    inTransaction(ctx, session, async () => {
      done.length = 0;
      await createTargetSchema(session.db);
      const forgotten = await withOwnNames(session.db, async () => {
        for (const run of runs) done.push(await runStep(ctx, session, run));
      });
      if (forgotten)
        await ctx.io.say(
          'The types have their own names again, because pinnacle_settings was dropped. To rename them: pinnacle schema compat',
        );
      return done;
    });
  try {
    return await retryUnderLocks(PATIENT_LOCKS, ctx.signal, attempt, (next) => {
      const run = current();
      return ctx.io.say(
        `${run ? labelOf(run.step) : 'rollout'}: other sessions hold locks that it needs; retrying (attempt ${next} of ${PATIENT_LOCKS.maxAttempts})`,
      );
    });
  } catch (error) {
    const run = current();
    throw run ? await explainStep(ctx, session, error, run, changed) : error;
  }
}

async function runStep(ctx: Context, { db }: Session, { step, direction }: StepRun): Promise<CompletedStep> {
  const script = step[direction];
  const statements = splitStatements(script.text);
  const title = titleOf(step);
  const progress = await startProgress(ctx.io, title);
  const started = performance.now();
  try {
    for (const [i, statement] of statements.entries()) {
      ctx.signal.throwIfAborted();
      progress.update(`${title}: statement ${i + 1} of ${statements.length}`, i / statements.length);
      await execute(db, statement.sql).catch((error) => {
        throw new StatementError(error, script.path, i + 1, statement);
      });
    }
  } finally {
    progress.stop();
  }
  const duration = performance.now() - started;
  const applied =
    direction === 'up' ? await recordStep(db, step, ctx.now(), duration) : await unrecordStep(db, step);
  // Reverting the first step of all drops the audit log itself.
  if (direction === 'up' || step.phase > 1 || step.step > 1)
    await writeAudit(
      db,
      { ...ctx.origin, tookMs: () => duration },
      {
        target: labelOf(step),
        body: { direction, duration_ms: Math.round(duration), name: step.name, sha256: script.sha256 },
      },
    );
  return { step, direction, applied: applied ?? undefined, duration_ms: Math.round(duration) };
}
