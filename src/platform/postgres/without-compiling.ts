import { type Kysely, sql } from 'kysely';
import type { Database } from './tables.ts';

/**
 * Reads in a transaction whose statements are not compiled: what is run once over many rows is done before its compiling
 * has paid.
 */
export function withoutCompiling<T>(
  db: Kysely<Database>,
  read: (trx: Kysely<Database>) => Promise<T>,
): Promise<T> {
  return db
    .transaction()
    .setAccessMode('read only')
    .execute(async (trx) => {
      await sql`SELECT set_config('jit', 'off', true)`.execute(trx);
      return read(trx);
    });
}
