import type { Kysely } from 'kysely';
import { isPermissionDenied, isUndefinedObject } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/** Runs a statement that can be done without, within a transaction; false where something it names, or the right to it, is missing. */
export async function runOptional(trx: Kysely<Database>, statement: string): Promise<boolean> {
  await execute(trx, 'SAVEPOINT dispensable');
  let done = true;
  try {
    await execute(trx, statement);
  } catch (error) {
    if (!isUndefinedObject(error) && !isPermissionDenied(error)) throw error;
    await execute(trx, 'ROLLBACK TO SAVEPOINT dispensable');
    done = false;
  }
  await execute(trx, 'RELEASE SAVEPOINT dispensable');
  return done;
}
