import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { refused } from '../../util/failure.ts';

/**
 * Locks an empty table and drops its indexes and foreign keys except the primary key; returns a function that creates
 * them again. Transactional: after a failure the table is as before. Throws TABLE_NOT_EMPTY.
 */
export async function dropIndexes(trx: Trx, table: string): Promise<() => Promise<void>> {
  const name = sql.ref(table);
  await sql`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`.execute(trx.db);
  const { rows } = await sql`SELECT FROM ${name} LIMIT 1`.execute(trx.db);
  if (rows.length > 0)
    throw refused(
      'TABLE_NOT_EMPTY',
      `There are ${table} already.`,
      'Leave out --fast: it is for a first load.',
    );
  const indexes = await sql<{ name: string; made: string }>`
    -- Of a partitioned table, which the text would leave its partitions out of.
    SELECT c.relname AS name, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') AS made
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = ${table}::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    ORDER BY c.relname`.execute(trx.db);
  const keys = await sql<{ name: string; made: string }>`
    SELECT conname AS name, pg_get_constraintdef(oid) AS made
    FROM pg_constraint WHERE conrelid = ${table}::regclass AND contype = 'f' ORDER BY conname`.execute(
    trx.db,
  );
  for (const index of indexes.rows) await sql`DROP INDEX ${sql.ref(index.name)}`.execute(trx.db);
  for (const key of keys.rows)
    await sql`ALTER TABLE ${name} DROP CONSTRAINT ${sql.ref(key.name)}`.execute(trx.db);
  return async () => {
    await sql`SELECT set_config('maintenance_work_mem', '256MB', true)`.execute(trx.db);
    for (const index of indexes.rows) await sql`${sql.raw(index.made)}`.execute(trx.db);
    for (const key of keys.rows)
      await sql`ALTER TABLE ${name} ADD CONSTRAINT ${sql.ref(key.name)} ${sql.raw(key.made)}`.execute(trx.db);
  };
}
