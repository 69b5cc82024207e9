import { type Kysely, sql } from 'kysely';
import { instant } from '../../domain/instant.ts';
import { isUndefinedObject } from '../../platform/postgres/errors.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
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

/** The phases that a database has, in their order; none where nothing was ever rolled out. */
export async function readHistory(db: Kysely<Database>) {
  try {
    return await db.selectFrom('pinnacle_migrations').select(COLUMNS).orderBy('phase').execute();
  } catch (error) {
    if (isUndefinedObject(error)) return [];
    throw error;
  }
}

export type Applied = Awaited<ReturnType<typeof readHistory>>[number];

/** The last phase recorded, 0 for none. */
export const lastPhase = (record: readonly Applied[]) => record.at(-1)?.phase ?? 0;

/** Makes the table of records. */
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

/** Records a phase as applied; makes the table of records with the first. */
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

/** Strikes a phase from the record; with the first phase the table goes, too, so that nothing of ours is left. */
export async function unrecordPhase(db: Kysely<Database>, phase: number): Promise<void> {
  await db.deleteFrom('pinnacle_migrations').where('phase', '=', phase).execute();
  if (phase === 1) await db.schema.dropTable('pinnacle_migrations').execute();
}

/** How a recorded phase differs from its folder. */
export interface Change {
  phase: number;
  name: string;
  /** Which part: a script, the name, or the whole folder. */
  part: 'up' | 'down' | 'name' | 'folder';
  recorded: string;
  actual: string | null;
}

/** Every difference between the record and the folders. */
export function changesOf(phases: readonly Phase[], record: readonly Applied[]): Change[] {
  return record.flatMap((applied): Change[] => {
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

/** Refuses to go on from scripts that are not those the database was made with. */
export function refuseChanged(changes: readonly Change[]): void {
  const [first] = changes;
  if (!first) return;
  if (first.part === 'folder')
    throw refused(
      'PHASE_UNKNOWN',
      `The database has phase ${first.phase} ${first.name}, which this pinnacle does not know.`,
      'Use the version of pinnacle that applied it. See: pinnacle migrate verify',
    );
  throw refused(
    'SCRIPT_CHANGED',
    `The scripts of phase ${first.phase} ${first.name} are not those that were applied to this database.`,
    'See what changed: pinnacle migrate verify. After a review, record it: pinnacle migrate repair',
  );
}

/** Where each phase stands: applied, pending, or applied from scripts that have changed since. */
export function statusOf(phases: readonly Phase[], record: readonly Applied[]) {
  const changed = new Set(changesOf(phases, record).map(({ phase }) => phase));
  const pending = phases.filter(({ phase }) => !record.some((applied) => applied.phase === phase));
  const rows = [
    ...record.map((applied) => ({
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
