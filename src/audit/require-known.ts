import { type Kysely, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { notFound } from '../util/failure.ts';

const HINTS = {
  actor: 'An actor is a login of the database.',
  command: 'A command is its words: "order place".',
  target: 'A target is a kind and an id: "user trader_001".',
} as const;

type Column = keyof typeof HINTS;
type Named = { [K in Column]: string | readonly string[] | undefined };

/** Throws AUDIT_ENTRY_NOT_FOUND (exit 3) if a filter of the log names what has no entry and never could have one. */
export async function requireKnown(db: Kysely<Database>, named: Named): Promise<void> {
  for (const column of ['target', 'command', 'actor'] as const)
    for (const name of [named[column] ?? []].flat()) await requireEntry(db, column, name);
}

async function requireEntry(db: Kysely<Database>, column: Column, name: string): Promise<void> {
  if (await mayHaveNone(db, column, name)) return;
  const entries = db.selectFrom('audit_log').select('id').where(column, '=', name);
  if ((await entries.limit(1).execute()).length === 0)
    throw notFound('audit entry', `of the ${column} ${name}`, HINTS[column]);
}

/** Whether it is known without an entry: refusals, which there may be none of, and logins that have changed nothing. */
async function mayHaveNone(db: Kysely<Database>, column: Column, name: string): Promise<boolean> {
  if (column !== 'actor') return column === 'command' && name === 'denied';
  const { rows } = await sql`SELECT FROM pg_roles WHERE rolname = ${name}`.execute(db);
  return rows.length > 0;
}
