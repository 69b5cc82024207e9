import type { Kysely } from 'kysely';
import { execute } from '../../platform/postgres/execute-sql.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Step } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** Runs the up scripts of steps in an empty database, in the current schema, and records nothing. */
export async function applyScripts(db: Kysely<Database>, steps: readonly Step[]): Promise<void> {
  for (const { up } of steps) for (const { sql } of splitStatements(up.text)) await execute(db, sql);
}
