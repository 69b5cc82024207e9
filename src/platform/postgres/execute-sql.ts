import { CompiledQuery, type Kysely } from 'kysely';
import type { Database } from './tables.ts';

/** Runs SQL text as it stands, which only scripts of the package are. */
export async function execute(db: Kysely<Database>, text: string): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(text));
}
