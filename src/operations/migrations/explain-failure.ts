import type { Context } from '../../context.ts';
import { type DatabaseFailure, isDatabaseFailure, translateFailure } from '../../platform/postgres/errors.ts';
import { Failure } from '../../util/failure.ts';
import { truncate } from '../../util/text.ts';
import type { PhaseStep } from './scripts.ts';
import type { Statement } from './split-statements.ts';

/** A statement of a script that failed, and where it stands. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  /** `statement 3 (line 17 of migrations/…/up.sql)`. */
  readonly place: string;
  readonly firstLine: string;

  constructor(cause: unknown, path: string, number: number, { sql, line }: Statement) {
    super('a statement of a migration failed', { cause });
    this.place = `statement ${number} (line ${line} of ${path})`;
    this.firstLine = truncate(sql.split('\n', 1)[0] ?? '', 100);
  }
}

/** What other errors than these mean does not depend on the script. */
const OURS = new Set(['failure', 'refused', 'usage']);
const EXISTS = new Set(['42P07', '42710', '42723', '42P06']);

/** The failure of a step in the operator's words. `changed` tells whether steps before it are committed. */
export async function explainStep(
  ctx: Context,
  error: unknown,
  step: PhaseStep,
  changed: boolean,
): Promise<unknown> {
  if (ctx.signal.aborted) return ctx.signal.reason;
  const cause = error instanceof StatementError ? error.cause : error;
  if (!isDatabaseFailure(cause)) return error;
  const known = translateFailure(cause, await ctx.target());
  const stands = changed
    ? 'The phases before it are committed and stay.'
    : 'Nothing was changed: the phase was rolled back.';
  const title = `Phase ${step.phase.phase} ${step.phase.name} (${step.direction})`;
  if (!(error instanceof StatementError) || !OURS.has(known.kind))
    return new Failure(known.kind, known.code, `${title}: ${known.message}`, {
      hint: `${stands} ${remedy(known)}`,
      retryable: known.details.retryable ?? false,
      changed,
    });
  // The message of a failed DDL statement names objects of the schema; its detail would show rows.
  const message = `${title} failed at ${error.place}: ${cause.message}\n${error.firstLine}`;
  return new Failure('failure', 'MIGRATION_FAILED', message, {
    hint: `${stands} ${advice(cause, step)}`,
    changed,
  });
}

function remedy({ kind }: Failure): string {
  if (kind === 'busy') return 'See who holds the locks (pg_stat_activity), then run it again.';
  if (kind === 'forbidden')
    return 'Run it as whoever owns the tables, or a member of pinnacle_owner; PINNACLE_MIGRATE_URL can name the login.';
  return 'Run it again to go on from there.';
}

function advice({ code }: DatabaseFailure, { phase, direction }: PhaseStep): string {
  if (direction === 'up' && EXISTS.has(code ?? ''))
    return `Something of that name is there already. If this database was given phase ${phase.phase} by other means, record that: pinnacle migrate baseline ${phase.phase}. If the table is somebody else's, use a database of our own.`;
  if (direction === 'down') return 'See how the database differs from its scripts: pinnacle migrate drift';
  return 'See the SQL: pinnacle migrate plan';
}
