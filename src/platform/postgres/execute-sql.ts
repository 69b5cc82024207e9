import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** Runs SQL text as it is. Never pass text that contains input. */
export async function execute(db: Kysely<Database>, text: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(text));
}
