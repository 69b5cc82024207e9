import { setTimeout as sleep } from 'node:timers/promises';
import { writeAudit } from '../../audit/log.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { isRetryable } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { formatDuration } from '../../util/duration.ts';
import { explainStep, StatementError } from './explain-failure.ts';
import { recordPhase, unrecordPhase } from './history.ts';
import { inTransaction, type Session } from './rollout-session.ts';
import type { Step } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** A step that was run. */
export interface CompletedStep {
  phase: number;
  name: string;
  state: 'applied' | 'pending';
  applied_at: Instant | null;
  applied_by: string | null;
  duration_ms: number;
}

const MAX_ATTEMPTS = 5;
const LOCK_TIMEOUT_MS = '55P03';

/** Runs the steps, a transaction each, or all in one where `together` or a dry run says so. */
export async function runSteps(
  ctx: Context,
  session: Session,
  steps: readonly Step[],
  together = false,
): Promise<CompletedStep[]> {
  const transactions = together || ctx.dryRun ? [steps] : steps.map((step) => [step]);
  const done: CompletedStep[] = [];
  for (const group of transactions.filter((some) => some.length > 0)) {
    const finished = await retryUnderLock(ctx, session, group, done.length > 0);
    done.push(...finished);
    for (const { phase, name, state, duration_ms } of finished) {
      const what = state === 'applied' ? 'applied' : 'taken back';
      await ctx.io.say(`phase ${phase} ${name} ${what} in ${formatDuration(duration_ms)}`);
    }
  }
  return done;
}

/** One transaction, run again as a whole where others' locks were in its way. */
async function retryUnderLock(
  ctx: Context,
  session: Session,
  steps: readonly Step[],
  changed: boolean,
): Promise<CompletedStep[]> {
  const done: CompletedStep[] = [];
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(ctx, session, async () => {
        done.length = 0;
        for (const step of steps) done.push(await runStep(ctx, session, step));
        return done;
      });
    } catch (error) {
      const step = steps[done.length] ?? steps.at(-1);
      if (!step) throw error;
      if (!isLockConflict(error) || attempt >= MAX_ATTEMPTS || ctx.signal.aborted)
        throw await explainStep(ctx, error, step, changed);
      await ctx.io.say(
        `phase ${step.phase.phase}: others hold locks that it needs; trying again (${attempt + 1} of ${MAX_ATTEMPTS})`,
      );
      await sleep((0.5 + Math.random()) * 100 * 2 ** attempt, undefined, { signal: ctx.signal });
    }
  }
}

function isLockConflict(error: unknown): boolean {
  const cause = error instanceof StatementError ? error.cause : error;
  return isRetryable(cause) || (cause as { code?: string }).code === LOCK_TIMEOUT_MS;
}

async function runStep(ctx: Context, { db }: Session, { phase, direction }: Step): Promise<CompletedStep> {
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
  // The first phase takes the audit log with it.
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
