import { type Kysely, sql } from 'kysely';
import { instant } from '../../domain/instant.ts';
import { type DatabaseFailure, isUndefinedObject } from '../../platform/postgres/errors.ts';
import { recordedStep } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { type Failure, refused } from '../../util/failure.ts';
import { isSameStep, type Step, type StepId, titleOf } from './scripts.ts';

const COLUMNS = [
  'phase',
  'name',
  'up_sha256',
  'down_sha256',
  'applied_at',
  'applied_by',
  'duration_ms',
] as const;

const UNDEFINED_COLUMN = '42703';

/** The applied steps in order; none before the first rollout. Throws FOREIGN_HISTORY (exit 5). */
export async function readHistory(db: Kysely<Database>) {
  try {
    return await db
      .selectFrom('pinnacle_migrations')
      .select([...COLUMNS, recordedStep.as('step')])
      .orderBy('phase')
      .orderBy(sql`step`)
      .execute();
  } catch (error) {
    if (!isUndefinedObject(error)) throw error;
    if ((error as DatabaseFailure).code === UNDEFINED_COLUMN) throw foreignHistory();
    return [];
  }
}

function foreignHistory(): Failure {
  return refused(
    'FOREIGN_HISTORY',
    'This schema has a table pinnacle_migrations with other columns: it is not the history of a rollout.',
    'Give Pinnacle a database of its own, or a schema: add ?options=-c%20search_path%3DNAME to the URL.',
  );
}

export type Applied = Awaited<ReturnType<typeof readHistory>>[number];

/** The last phase of which a step is applied, 0 for none. */
export const lastPhase = (history: readonly Applied[]) => history.at(-1)?.phase ?? 0;

/** The steps up to a phase that are not applied. */
export const pendingSteps = (steps: readonly Step[], history: readonly Applied[], goal: number) =>
  steps.filter((step) => step.phase <= goal && !history.some((applied) => isSameStep(applied, step)));

/** Builds the statement that creates the history table. */
export function createHistoryTable(db: Kysely<Database>) {
  return db.schema
    .createTable('pinnacle_migrations')
    .addColumn('phase', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('up_sha256', 'text', (column) => column.notNull())
    .addColumn('down_sha256', 'text', (column) => column.notNull())
    .addColumn('applied_at', 'timestamp', (column) => column.notNull())
    .addColumn('applied_by', 'text', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addColumn('step', 'integer', (column) => column.notNull().defaultTo(1))
    .addPrimaryKeyConstraint('pinnacle_migrations_pkey', ['phase', 'step']);
}

/** Creates the history table, or adds the steps to one that was written when a phase was a single script. */
export async function prepareHistory(db: Kysely<Database>): Promise<void> {
  await createHistoryTable(db).ifNotExists().execute();
  const { rows } = await sql`
    SELECT FROM pg_attribute
    WHERE attrelid = 'pinnacle_migrations'::regclass AND attname = 'step' AND NOT attisdropped`.execute(db);
  if (rows.length === 0)
    await sql`
      ALTER TABLE pinnacle_migrations
        ADD COLUMN step integer NOT NULL DEFAULT 1,
        DROP CONSTRAINT pinnacle_migrations_pkey,
        ADD CONSTRAINT pinnacle_migrations_pkey PRIMARY KEY (phase, step)`.execute(db);
}

/** Records a step as applied; `duration` is in milliseconds. */
export async function recordStep(
  db: Kysely<Database>,
  { phase, step, name, up, down }: Step,
  at: Date,
  duration: number,
): Promise<Applied> {
  await prepareHistory(db);
  return db
    .insertInto('pinnacle_migrations')
    .values({
      phase,
      step,
      name,
      up_sha256: up.sha256,
      down_sha256: down.sha256,
      applied_at: instant(at),
      applied_by: sql<string>`session_user`,
      duration_ms: Math.round(duration),
    })
    .returning([...COLUMNS, 'step'])
    .executeTakeFirstOrThrow();
}

/** Deletes a step from the history; with the first step of all it drops the table, so that nothing of ours is left. */
export async function unrecordStep(db: Kysely<Database>, { phase, step }: Step): Promise<void> {
  await prepareHistory(db);
  await db.deleteFrom('pinnacle_migrations').where('phase', '=', phase).where('step', '=', step).execute();
  if (phase === 1 && step === 1) await db.schema.dropTable('pinnacle_migrations').execute();
}

/** How a recorded step differs from its folder. */
export interface Change extends StepId {
  /** A script, the name, or the whole folder. */
  part: 'up' | 'down' | 'name' | 'folder';
  recorded: string;
  actual: string | null;
}

/** Every difference between the history and the folders. */
export function changesOf(steps: readonly Step[], history: readonly Applied[]): Change[] {
  return history.flatMap((applied): Change[] => {
    const { phase, step, name } = applied;
    const found = steps.find((candidate) => isSameStep(candidate, applied));
    if (!found) return [{ phase, step, name, part: 'folder', recorded: folderOf(applied), actual: null }];
    const parts = [
      { part: 'name', recorded: name, actual: found.name },
      { part: 'up', recorded: applied.up_sha256, actual: found.up.sha256 },
      { part: 'down', recorded: applied.down_sha256, actual: found.down.sha256 },
    ] as const;
    return parts
      .filter(({ recorded, actual }) => recorded !== actual)
      .map((part) => ({ phase, step, name, ...part }));
  });
}

const folderOf = ({ phase, step, name }: StepId) =>
  step === 1 ? `${phase}_${name}` : `${phase}_…/${String(step).padStart(2, '0')}_${name}`;

/** Throws PHASE_UNKNOWN or SCRIPT_CHANGED (exit 5) where the scripts differ from those that were applied. */
export function refuseChanged(changes: readonly Change[]): void {
  const [first] = changes;
  if (!first) return;
  if (first.part === 'folder')
    throw refused(
      'PHASE_UNKNOWN',
      `The database has ${titleOf(first)}, which this version of pinnacle does not know.`,
      'Use the version of pinnacle that applied it. See: pinnacle migrate verify',
    );
  throw refused(
    'SCRIPT_CHANGED',
    `The scripts of ${titleOf(first)} differ from those that were applied to this database.`,
    'See what changed: pinnacle migrate verify. After a review, record the scripts: pinnacle migrate repair',
  );
}

/** The state of each step: applied, pending, or changed where its scripts differ from those that were applied. */
export function stepStates(steps: readonly Step[], history: readonly Applied[]) {
  const changes = changesOf(steps, history);
  const rows = [
    ...history.map((applied) => ({
      phase: applied.phase,
      step: applied.step,
      name: applied.name,
      state: changes.some((change) => isSameStep(change, applied))
        ? ('changed' as const)
        : ('applied' as const),
      applied_at: applied.applied_at,
      applied_by: applied.applied_by,
      duration_ms: applied.duration_ms,
    })),
    ...pendingSteps(steps, history, Number.POSITIVE_INFINITY).map(({ phase, step, name }) => ({
      phase,
      step,
      name,
      state: 'pending' as const,
      applied_at: null,
      applied_by: null,
      duration_ms: null,
    })),
  ];
  return rows.sort((a, b) => a.phase - b.phase || a.step - b.step);
}

/** The state of each phase: that of its steps, or partial where it lacks some of them. Time and login are those of its last step. */
export function phaseStates(steps: readonly Step[], history: readonly Applied[]) {
  const all = stepStates(steps, history);
  return all
    .filter(({ step }) => step === 1)
    .map(({ phase, name }) => {
      const own = all.filter((row) => row.phase === phase);
      const last = own.findLast(({ state }) => state !== 'pending');
      return {
        phase,
        name,
        state: stateOfAll(own.map(({ state }) => state)),
        applied_at: last?.applied_at ?? null,
        applied_by: last?.applied_by ?? null,
        duration_ms: last ? own.reduce((sum, { duration_ms }) => sum + (duration_ms ?? 0), 0) : null,
      };
    });
}

function stateOfAll(states: readonly ('applied' | 'changed' | 'pending')[]) {
  if (states.includes('changed')) return 'changed' as const;
  if (states.every((state) => state === states[0])) return states[0] ?? 'pending';
  return 'partial' as const;
}

/** `phase 4 lacks step 2 wide_symbols`, for each phase of which only some steps are applied. */
export function describeLacking(steps: readonly Step[], history: readonly Applied[]): string[] {
  const lacking = pendingSteps(steps, history, lastPhase(history));
  return [...new Set(lacking.map(({ phase }) => phase))].map((phase) => {
    const names = lacking.filter((step) => step.phase === phase).map(({ step, name }) => `${step} ${name}`);
    return `phase ${phase} lacks ${names.length === 1 ? 'step' : 'steps'} ${names.join(', ')}`;
  });
}
