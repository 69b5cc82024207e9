import type { Kysely } from 'kysely';
import { type Failure, refused } from '../../util/failure.ts';
import type { Connection } from './connect.ts';
import { isUndefinedObject } from './errors.ts';
import type { Database } from './tables.ts';

/** How far the schema is rolled out; 0 if no phase is applied. */
export type SchemaPhase = 0 | 1 | 2 | 3 | 4;

/** A database or a transaction to read from, and the phase of its schema. */
export interface Source {
  db: Kysely<Database>;
  phase: SchemaPhase;
}

/** The last phase that is applied to the database. */
export async function currentPhase(db: Kysely<Database>): Promise<SchemaPhase> {
  try {
    const row = await db
      .selectFrom('pinnacle_migrations')
      .select((eb) => eb.fn.max('phase').as('phase'))
      .executeTakeFirst();
    return (row?.phase ?? 0) as SchemaPhase;
  } catch (error) {
    if (isUndefinedObject(error)) return 0;
    throw error;
  }
}

/** Explains a missing object: a phase that is not applied yet, or a schema that was changed by hand. */
export async function explainMissing(name: string, needed: number, { kysely }: Connection): Promise<Failure> {
  const phase = await currentPhase(kysely);
  if (phase < needed)
    return refused(
      'PHASE_NEEDED',
      `${name} needs phase ${needed} of the schema; this database is at phase ${phase}.`,
      'Run: pinnacle migrate up',
    );
  return refused(
    'SCHEMA_CHANGED',
    'The database lacks an object that this command needs, although its phase is applied.',
    'Run: pinnacle migrate drift',
  );
}
