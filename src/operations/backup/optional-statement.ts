import type { Kysely } from 'kysely';
import { isPermissionDenied, isUndefinedObject } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/** Runs a statement that may fail, within a transaction. False where an object that it names, or the right to it, is missing. */
export async function runOptional(trx: Kysely<Database>, statement: string): Promise<boolean> {
  await execute(trx, 'SAVEPOINT optional_statement');
  let done = true;
  try {
    await execute(trx, statement);
  } catch (error) {
    if (!isUndefinedObject(error) && !isPermissionDenied(error)) throw error;
    await execute(trx, 'ROLLBACK TO SAVEPOINT optional_statement');
    done = false;
  }
  await execute(trx, 'RELEASE SAVEPOINT optional_statement');
  return done;
}
