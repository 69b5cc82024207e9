import { setTimeout as sleep } from 'node:timers/promises';
import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { isPermissionDenied, isRetryable } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { Failure, refused } from '../../util/failure.ts';
import { inTransaction, type Session } from '../migrations/rollout-session.ts';
import type { Step } from './plan-steps.ts';

/** How long one try may keep others waiting behind it. */
const LOCK_TIMEOUT_MS = '40ms';
const MAX_ATTEMPTS = 200;

/** A step that was run, or would be. */
export type CompletedStep = {
  step: string;
  attempts: number | null;
  /** From asking for the locks to the COMMIT. */
  locked_ms: number | null;
  duration_ms: number | null;
  sql: string;
};

/** Runs the steps, a transaction and an audit row each; a dry run only tells them. */
export async function runSteps(
  ctx: Context,
  session: Session,
  steps: readonly Step[],
): Promise<CompletedStep[]> {
  if (ctx.dryRun) return steps.map((step) => reportStep(step, null, null, null));
  const done: CompletedStep[] = [];
  for (const step of steps) done.push(await retryUnderLock(ctx, session, step));
  return done;
}

/** Throws NO_PARTITIONS (exit 5) on the embedded database, which one process uses at a time. */
export async function refuseEmbedded(ctx: Context): Promise<void> {
  const { kind } = await ctx.migrationConnection();
  if (kind === 'embedded')
    throw refused(
      'NO_PARTITIONS',
      'The embedded database is for one user and a small book: its tables stay whole.',
      'Partitions need a PostgreSQL server: set DATABASE_URL.',
    );
}

async function retryUnderLock(ctx: Context, session: Session, step: Step): Promise<CompletedStep> {
  const began = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      const asked = await inTransaction(ctx, session, () => attemptStep(ctx, session, step));
      const ended = performance.now();
      return reportStep(step, attempt, step.brief ? ended - asked : null, ended - began);
    } catch (error) {
      if (isPermissionDenied(error)) throw notPermitted();
      if (!isLockConflict(error) || ctx.signal.aborted) throw error;
      if (attempt >= MAX_ATTEMPTS) throw lockTimeout(step);
      await sleep(50 + Math.random() * 200, undefined, { signal: ctx.signal });
    }
  }
}

/** Gives the time at which the locks were asked for. */
async function attemptStep(ctx: Context, { db }: Session, { title, sql, brief }: Step): Promise<number> {
  if (brief) {
    // Lets everybody read and write, and sends an autovacuum away, which a short wait would not.
    const tables = brief.lock.map((lock) => lock.replace(/ IN .*/, '')).join(', ');
    await execute(db, `LOCK TABLE ${tables} IN SHARE UPDATE EXCLUSIVE MODE`);
    await execute(db, `SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}'`);
  }
  const asked = performance.now();
  for (const lock of brief?.lock ?? []) await execute(db, `LOCK TABLE ${lock}`);
  for (const statement of sql) await execute(db, statement);
  await writeAudit(db, ctx.origin, { target: 'table orders', body: { step: title, statements: sql } });
  return asked;
}

const isLockConflict = (error: unknown) =>
  isRetryable(error) || (error as { code?: string }).code === '55P03';

function reportStep(
  step: Step,
  attempts: number | null,
  locked: number | null,
  duration: number | null,
): CompletedStep {
  const whole = (ms: number | null) => (ms === null ? null : Math.round(ms));
  return {
    step: step.title,
    attempts,
    locked_ms: whole(locked),
    duration_ms: whole(duration),
    sql: [...(step.brief?.lock ?? []).map((lock) => `LOCK TABLE ${lock}`), ...step.sql].join(';\n'),
  };
}

function lockTimeout({ title }: Step): Failure {
  return new Failure('busy', 'TABLE_BUSY', `Others hold locks on orders that "${title}" needs.`, {
    hint: 'See who does (pg_stat_activity), then run it again: it goes on from there.',
    retryable: true,
  });
}

function notPermitted(): Failure {
  return new Failure('forbidden', 'NOT_PERMITTED', 'This login does not own orders.', {
    hint: 'Run it as whoever owns the tables, or a member of pinnacle_owner; PINNACLE_MIGRATE_URL can name the login.',
  });
}
