import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import {
  BRIEF_LOCKS,
  isLockConflict,
  retryUnderLocks,
  setLockTimeout,
} from '../../platform/postgres/retry-under-locks.ts';
import { Failure } from '../../util/failure.ts';
import { inTransaction, type Session } from '../migrations/rollout-session.ts';
import type { PartitionStep } from './plan-steps.ts';

/** A step that was run; in a dry run it has no times. */
export type CompletedStep = {
  step: string;
  attempts: number | null;
  /** From the request for the locks to the COMMIT. */
  locked_ms: number | null;
  duration_ms: number | null;
  sql: string;
};

/** Runs the steps, one transaction with its audit row each; a dry run only lists them. */
export async function runSteps(
  ctx: Context,
  session: Session,
  steps: readonly PartitionStep[],
): Promise<CompletedStep[]> {
  if (ctx.dryRun) return steps.map((step) => report(step, null, null, null));
  const done: CompletedStep[] = [];
  for (const step of steps) done.push(await runStep(ctx, session, step));
  return done;
}

async function runStep(ctx: Context, session: Session, step: PartitionStep): Promise<CompletedStep> {
  const started = performance.now();
  try {
    return await retryUnderLocks(BRIEF_LOCKS, ctx.signal, async (attempt) => {
      const requested = await inTransaction(ctx, session, () => attemptStep(ctx, session, step));
      const ended = performance.now();
      return report(step, attempt, step.brief ? ended - requested : null, ended - started);
    });
  } catch (error) {
    if (isPermissionDenied(error)) throw notPermitted();
    throw isLockConflict(error) && !ctx.signal.aborted ? locksUnavailable(step) : error;
  }
}

/** Returns the time at which the locks were requested. */
async function attemptStep(
  ctx: Context,
  { db }: Session,
  { title, sql, brief }: PartitionStep,
): Promise<number> {
  if (brief) {
    // Blocks no reader or writer, but makes an autovacuum give up its lock, which a brief request would not.
    const tables = brief.lock.map((lock) => lock.replace(/ IN .*/, '')).join(', ');
    await execute(db, `LOCK TABLE ${tables} IN SHARE UPDATE EXCLUSIVE MODE`);
    await setLockTimeout(db, BRIEF_LOCKS);
  }
  const requested = performance.now();
  for (const lock of brief?.lock ?? []) await execute(db, `LOCK TABLE ${lock}`);
  for (const statement of sql) await execute(db, statement);
  await writeAudit(db, ctx.origin, { target: 'table orders', body: { step: title, statements: sql } });
  return requested;
}

function report(
  step: PartitionStep,
  attempts: number | null,
  lockedMs: number | null,
  durationMs: number | null,
): CompletedStep {
  const rounded = (ms: number | null) => (ms === null ? null : Math.round(ms));
  return {
    step: step.title,
    attempts,
    locked_ms: rounded(lockedMs),
    duration_ms: rounded(durationMs),
    sql: [...(step.brief?.lock ?? []).map((lock) => `LOCK TABLE ${lock}`), ...step.sql].join(';\n'),
  };
}

function locksUnavailable({ title }: PartitionStep): Failure {
  return new Failure(
    'busy',
    'TABLE_BUSY',
    `Other sessions hold locks on orders that the step "${title}" needs.`,
    {
      hint: 'Find them in pg_stat_activity, then run this again: it continues with the steps that are left.',
      retryable: true,
    },
  );
}

function notPermitted(): Failure {
  return new Failure('forbidden', 'NOT_PERMITTED', 'This login does not own the table orders.', {
    hint: 'Run it as the owner of the tables or as a member of pinnacle_owner. PINNACLE_MIGRATE_URL can name that login.',
  });
}
