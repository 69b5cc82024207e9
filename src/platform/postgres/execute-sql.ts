import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** Runs SQL text as it is. Never pass text that contains input. */
export async function execute(db: Kysely<Database>, text: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(text));
}

/** The rows of SQL text as it is. Never pass text that contains input, but for quoted names. */
export async function queryText<T>(db: Kysely<Database>, text: string): Promise<T[]> {
  const { rows } = await db.executeQuery(CompiledQuery.raw(text));
  return rows as T[];
}
