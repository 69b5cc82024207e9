import { writeAudit } from '../../audit/log.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { PATIENT_LOCKS, retryUnderLocks } from '../../platform/postgres/retry-under-locks.ts';
import { formatDuration } from '../../util/duration.ts';
import { explainStep, StatementError } from './explain-failure.ts';
import { recordPhase, unrecordPhase } from './history.ts';
import { inTransaction, type Session } from './rollout-session.ts';
import type { PhaseStep } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** A phase that was applied or reverted. */
export interface CompletedPhase {
  phase: number;
  name: string;
  state: 'applied' | 'pending';
  applied_at: Instant | null;
  applied_by: string | null;
  duration_ms: number;
}

/** Runs the steps, one transaction each; all of them in one with `together`, and in a dry run. */
export async function runPhases(
  ctx: Context,
  session: Session,
  steps: readonly PhaseStep[],
  together = false,
): Promise<CompletedPhase[]> {
  const transactions = together || ctx.dryRun ? [steps] : steps.map((step) => [step]);
  const done: CompletedPhase[] = [];
  for (const group of transactions.filter((some) => some.length > 0)) {
    const finished = await runTransaction(ctx, session, group, done.length > 0);
    done.push(...finished);
    for (const { phase, name, state, duration_ms } of finished) {
      const what = state === 'applied' ? 'applied' : 'reverted';
      await ctx.io.say(`phase ${phase} ${name} ${what} in ${formatDuration(duration_ms)}`);
    }
  }
  return done;
}

async function runTransaction(
  ctx: Context,
  session: Session,
  steps: readonly PhaseStep[],
  changed: boolean,
): Promise<CompletedPhase[]> {
  const done: CompletedPhase[] = [];
  const current = () => steps[done.length] ?? steps.at(-1);
  const attempt = () =>
    inTransaction(ctx, session, async () => {
      done.length = 0;
      for (const step of steps) done.push(await runStep(ctx, session, step));
      return done;
    });
  try {
    return await retryUnderLocks(PATIENT_LOCKS, ctx.signal, attempt, (next) =>
      ctx.io.say(
        `phase ${current()?.phase.phase}: other sessions hold locks that it needs; retrying (attempt ${next} of ${PATIENT_LOCKS.maxAttempts})`,
      ),
    );
  } catch (error) {
    const step = current();
    throw step ? await explainStep(ctx, session, error, step, changed) : error;
  }
}

async function runStep(
  ctx: Context,
  { db }: Session,
  { phase, direction }: PhaseStep,
): Promise<CompletedPhase> {
  const script = phase[direction];
  const statements = splitStatements(script.text);
  const title = `phase ${phase.phase} ${phase.name}`;
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
    direction === 'up'
      ? await recordPhase(db, phase, ctx.now(), duration)
      : await unrecordPhase(db, phase.phase);
  // Reverting the first phase drops the audit log itself.
  if (direction === 'up' || phase.phase > 1)
    await writeAudit(db, ctx.origin, {
      target: `phase ${phase.phase}`,
      body: { direction, duration_ms: Math.round(duration), name: phase.name, sha256: script.sha256 },
    });
  return {
    phase: phase.phase,
    name: phase.name,
    state: applied ? 'applied' : 'pending',
    applied_at: applied?.applied_at ?? null,
    applied_by: applied?.applied_by ?? null,
    duration_ms: Math.round(duration),
  };
}
