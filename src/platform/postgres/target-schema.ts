import { type Kysely, sql } from 'kysely';
import { execute } from './execute-sql.ts';
import { quoteIdentifier } from './identifiers.ts';
import type { Database } from './tables.ts';

/** The schema that a session creates its objects in: the first of its search_path, which may not exist yet. */
export async function targetSchema(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<{ schema: string }>`
    SELECT coalesce(current_schema(), (
      SELECT trim(both '"' from trim(name)) FROM unnest(string_to_array(current_setting('search_path'), ',')) AS name
      WHERE trim(name) NOT IN ('', '"$user"') LIMIT 1), 'public') AS schema`.execute(db);
  return rows[0]?.schema ?? 'public';
}

/** Creates the schema that the session is set to work in, where it is missing. */
export async function createTargetSchema(db: Kysely<Database>): Promise<void> {
  await createSchema(db, await targetSchema(db));
}

/** Creates a schema where it is missing, and makes it the only one that the session sees. */
export async function enterSchema(db: Kysely<Database>, schema: string): Promise<void> {
  await createSchema(db, schema);
  await sql`SELECT set_config('search_path', ${quoteIdentifier(schema)}, false)`.execute(db);
}

async function createSchema(db: Kysely<Database>, schema: string): Promise<void> {
  const { rows } = await sql`SELECT FROM pg_namespace WHERE nspname = ${schema}`.execute(db);
  if (rows.length === 0) await execute(db, `CREATE SCHEMA ${quoteIdentifier(schema)}`);
}
