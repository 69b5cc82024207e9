import { type Kysely, sql } from 'kysely';
import { instant } from '../../domain/instant.ts';
import { type DatabaseFailure, isUndefinedObject } from '../../platform/postgres/errors.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { type Failure, refused } from '../../util/failure.ts';
import type { Phase } from './scripts.ts';

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

/** The applied phases in order; none before the first rollout. Throws FOREIGN_HISTORY (exit 5). */
export async function readHistory(db: Kysely<Database>) {
  try {
    return await db.selectFrom('pinnacle_migrations').select(COLUMNS).orderBy('phase').execute();
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

/** The last applied phase, 0 for none. */
export const lastPhase = (history: readonly Applied[]) => history.at(-1)?.phase ?? 0;

/** Builds the statement that creates the history table. */
export function createHistoryTable(db: Kysely<Database>) {
  return db.schema
    .createTable('pinnacle_migrations')
    .addColumn('phase', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('up_sha256', 'text', (column) => column.notNull())
    .addColumn('down_sha256', 'text', (column) => column.notNull())
    .addColumn('applied_at', 'timestamp', (column) => column.notNull())
    .addColumn('applied_by', 'text', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull());
}

/** Records a phase as applied, creating the history table with the first; `duration` is in milliseconds. */
export async function recordPhase(
  db: Kysely<Database>,
  { phase, name, up, down }: Phase,
  at: Date,
  duration: number,
): Promise<Applied> {
  await createHistoryTable(db).ifNotExists().execute();
  return db
    .insertInto('pinnacle_migrations')
    .values({
      phase,
      name,
      up_sha256: up.sha256,
      down_sha256: down.sha256,
      applied_at: instant(at),
      applied_by: sql<string>`session_user`,
      duration_ms: Math.round(duration),
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
}

/** Deletes a phase from the history; with the first phase it drops the table, so that nothing of ours is left. */
export async function unrecordPhase(db: Kysely<Database>, phase: number): Promise<void> {
  await db.deleteFrom('pinnacle_migrations').where('phase', '=', phase).execute();
  if (phase === 1) await db.schema.dropTable('pinnacle_migrations').execute();
}

/** How a recorded phase differs from its folder. */
export interface Change {
  phase: number;
  name: string;
  /** A script, the name, or the whole folder. */
  part: 'up' | 'down' | 'name' | 'folder';
  recorded: string;
  actual: string | null;
}

/** Every difference between the history and the folders. */
export function changesOf(phases: readonly Phase[], history: readonly Applied[]): Change[] {
  return history.flatMap((applied): Change[] => {
    const { phase, name } = applied;
    const found = phases.find((candidate) => candidate.phase === phase);
    if (!found) return [{ phase, name, part: 'folder', recorded: `${phase}_${name}`, actual: null }];
    const parts = [
      { part: 'name', recorded: name, actual: found.name },
      { part: 'up', recorded: applied.up_sha256, actual: found.up.sha256 },
      { part: 'down', recorded: applied.down_sha256, actual: found.down.sha256 },
    ] as const;
    return parts
      .filter(({ recorded, actual }) => recorded !== actual)
      .map((part) => ({ phase, name, ...part }));
  });
}

/** Throws PHASE_UNKNOWN or SCRIPT_CHANGED (exit 5) where the scripts differ from those that were applied. */
export function refuseChanged(changes: readonly Change[]): void {
  const [first] = changes;
  if (!first) return;
  if (first.part === 'folder')
    throw refused(
      'PHASE_UNKNOWN',
      `The database has phase ${first.phase} ${first.name}, which this version of pinnacle does not know.`,
      'Use the version of pinnacle that applied it. See: pinnacle migrate verify',
    );
  throw refused(
    'SCRIPT_CHANGED',
    `The scripts of phase ${first.phase} ${first.name} differ from those that were applied to this database.`,
    'See what changed: pinnacle migrate verify. After a review, record the scripts: pinnacle migrate repair',
  );
}

/** The state of each phase: applied, pending, or changed where its scripts differ from those that were applied. */
export function statusOf(phases: readonly Phase[], history: readonly Applied[]) {
  const changed = new Set(changesOf(phases, history).map(({ phase }) => phase));
  const pending = phases.filter(({ phase }) => !history.some((applied) => applied.phase === phase));
  const rows = [
    ...history.map((applied) => ({
      phase: applied.phase,
      name: applied.name,
      state: changed.has(applied.phase) ? ('changed' as const) : ('applied' as const),
      applied_at: applied.applied_at,
      applied_by: applied.applied_by,
      duration_ms: applied.duration_ms,
    })),
    ...pending.map(({ phase, name }) => ({
      phase,
      name,
      state: 'pending' as const,
      applied_at: null,
      applied_by: null,
      duration_ms: null,
    })),
  ];
  return rows.sort((a, b) => a.phase - b.phase);
}
