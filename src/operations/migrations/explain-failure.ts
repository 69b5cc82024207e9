import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { type DatabaseFailure, isDatabaseFailure } from '../../platform/postgres/errors.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure } from '../../util/failure.ts';
import { truncate } from '../../util/text.ts';
import type { Session } from './rollout-session.ts';
import { type Step, type StepRun, tablesOf, titleOf } from './scripts.ts';
import type { Statement } from './split-statements.ts';

/** A failed statement of a script, with its location. */
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

/** Kinds of errors whose cause is in the script; all others are explained without it. */
const SCRIPT_ERRORS = new Set(['failure', 'refused', 'usage']);
const DUPLICATE_OBJECT = new Set(['42P07', '42710', '42723', '42P06']);

/** Explains the failure of a step. `changed`: whether earlier steps are committed. */
export async function explainStep(
  ctx: Context,
  { db }: Session,
  error: unknown,
  run: StepRun,
  changed: boolean,
): Promise<unknown> {
  if (ctx.signal.aborted) return ctx.signal.reason;
  const cause = error instanceof StatementError ? error.cause : error;
  if (!isDatabaseFailure(cause)) return error;
  const known = await ctx.explain(cause);
  if (!(known instanceof Failure)) return error;
  const outcome = changed
    ? 'The steps before it are committed and stay applied.'
    : 'Nothing was changed: the step was rolled back.';
  const title = `${titleOf(run.step).replace('phase', 'Phase')} (${run.direction})`;
  if (!(error instanceof StatementError) || !SCRIPT_ERRORS.has(known.kind))
    return new Failure(known.kind, known.code, `${title}: ${known.message}`, {
      hint: `${outcome} ${remedy(known)}`,
      retryable: known.details.retryable ?? false,
      changed,
    });
  // The message of a failed DDL statement names only objects of the schema; its detail could show rows.
  const message = [`${title} failed at ${error.place}: ${cause.message}`, error.firstLine];
  const details = { hint: `${outcome} ${advice(cause, run)}`, changed };
  if (!isNameConflict(cause, run))
    return new Failure('failure', 'MIGRATION_FAILED', message.join('\n'), details);
  message.push(...(await describeExisting(db, run.step)));
  return new Failure('refused', 'NAME_TAKEN', message.join('\n'), details);
}

function remedy({ kind }: Failure): string {
  if (kind === 'busy') return 'Find out who holds the locks (pg_stat_activity), then run it again.';
  if (kind === 'forbidden')
    return 'Run it as the owner of the tables or as a member of pinnacle_owner. PINNACLE_MIGRATE_URL can name that login.';
  return 'Run it again to continue from there.';
}

function isNameConflict({ code }: DatabaseFailure, { direction }: StepRun): boolean {
  return direction === 'up' && DUPLICATE_OBJECT.has(code ?? '');
}

/** The relations that have the name of a table of the step already. */
async function describeExisting(db: Kysely<Database>, step: Step): Promise<string[]> {
  const { rows } = await sql<{ found: string }>`
    SELECT format('%s %s (%s), owned by %s',
        CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
        c.oid::regclass, (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), pg_get_userbyid(c.relowner)) AS found
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(${tablesOf(step)})
    ORDER BY c.relname`.execute(db);
  return rows.map(({ found }) => `Found: ${truncate(found, 200)}`);
}

function advice(cause: DatabaseFailure, run: StepRun): string {
  const { phase } = run.step;
  if (isNameConflict(cause, run))
    return `The schema already has an object of that name. If another program uses it, give Pinnacle a database of its own (or a schema: add ?options=-c%20search_path%3DNAME to the URL). If phase ${phase} was applied by other means, record that: pinnacle migrate baseline ${phase}. To take over tables that another program made, see first: pinnacle migrate adopt --plan`;
  if (run.direction === 'down')
    return 'See how the database differs from its scripts: pinnacle migrate drift';
  return 'See the SQL: pinnacle migrate plan';
}
