import { type Kysely, sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import { hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { EXPIRING_TABLES, type ExpiringTable, RETAINED_TABLES } from './tables.ts';

/** The counts of a kind: all rows, due rows, and old rows that are kept. */
export interface DueCount {
  rows: number;
  due: number;
  held: number;
  /** In UTC; null where there are none. */
  oldest: Instant | null;
}

/** The kinds of rows that a database with this schema has and that expire. */
export function expiringIn(schema: Schema): readonly ExpiringTable[] {
  return EXPIRING_TABLES.filter(
    ({ phase, step }) => phase <= schema.phase && (step === undefined || hasStep(schema, step)),
  );
}

/** The kinds that are never deleted. */
export function countDueRetained(db: Kysely<Database>, phase: number) {
  return Promise.all(
    RETAINED_TABLES.filter((kind) => kind.phase <= phase).map(async ({ kind, at }) => {
      const { rows } = await sql<{ rows: string; oldest: Instant | null }>`
        SELECT count(${sql.ref(at)}) AS rows, min(${sql.ref(at)}) AS oldest FROM ${sql.table(kind)}`.execute(
        db,
      );
      return { kind, rows: Number(rows[0]?.rows), oldest: rows[0]?.oldest ?? null };
    }),
  );
}

/** The counts of one kind at its cutoff. */
export async function countDueAll(
  db: Kysely<Database>,
  { at, from, only, held }: ExpiringTable,
  cutoff: Instant,
): Promise<DueCount> {
  const time = sql.ref(`t.${at}`);
  const { rows } = await sql<Record<Exclude<keyof DueCount, 'oldest'>, string> & Pick<DueCount, 'oldest'>>`
    SELECT count(*) AS rows, count(*) FILTER (WHERE ${time} < ${cutoff}::timestamp AND ${only}) AS due,
      count(*) FILTER (WHERE ${held?.when(cutoff) ?? sql`false`}) AS held, min(${time}) AS oldest
    FROM ${from}`.execute(db);
  const [row] = rows;
  return {
    rows: Number(row?.rows),
    due: Number(row?.due),
    held: Number(row?.held),
    oldest: row?.oldest ?? null,
  };
}

/** How many rows of a kind are due. */
export async function countDue(db: Kysely<Database>, { at, from, only }: ExpiringTable, cutoff: Instant) {
  const { rows } = await sql<{ due: string }>`
    SELECT count(*) AS due FROM ${from} WHERE ${sql.ref(`t.${at}`)} < ${cutoff}::timestamp AND ${only}`.execute(
    db,
  );
  return Number(rows[0]?.due);
}
