import type { Kysely } from 'kysely';
import { queryText } from '../../platform/postgres/execute-sql.ts';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { KEYS } from './columns.ts';

/**
 * Counts the rows of a table, and those that meet each condition; conditions are SQL by their names. One scan answers all
 * but those with a subquery, which are joins.
 */
export async function countRows(
  db: Kysely<Database>,
  source: string,
  conditions: ReadonlyMap<string, string>,
): Promise<Map<string, number>> {
  const isJoin = ([, when]: [string, string]) => when.includes('(SELECT') || when.includes('SELECT FROM');
  const scanned = [...conditions].filter((one) => !isJoin(one));
  const parts = scanned.map(([, when]) => `count(*) FILTER (WHERE ${when})::text`);
  const counts = await numbers(
    db,
    `SELECT ARRAY[${['count(*)::text', ...parts].join(', ')}] AS counts FROM ${source}`,
  );
  const found = new Map(['', ...scanned.map(([name]) => name)].map((name, i) => [name, counts[i] ?? 0]));
  for (const [name, when] of [...conditions].filter(isJoin))
    found.set(
      name,
      (await numbers(db, `SELECT ARRAY[count(*)::text] AS counts FROM ${source} WHERE ${when}`))[0] ?? 0,
    );
  return found;
}

async function numbers(db: Kysely<Database>, text: string): Promise<number[]> {
  const [row] = await queryText<{ counts: string[] }>(db, text);
  return (row?.counts ?? []).map(Number);
}

/** The id of the newest row that meets a condition. */
export async function newestExample(
  db: Kysely<Database>,
  source: string,
  { table, columns }: { table: string; columns: ReadonlyMap<string, unknown> },
  condition: string,
): Promise<string | null> {
  const keys: Readonly<Record<string, string>> = KEYS;
  const key = keys[table];
  if (key === undefined || !columns.has(key)) return null;
  const time = ['created_at', 'opened_at', 'start_time'].find((name) => columns.has(name));
  const order = time ? `ORDER BY ${quoteIdentifier(time)} DESC NULLS LAST` : '';
  const [row] = await queryText<{ id: string | null }>(
    db,
    `SELECT ${quoteIdentifier(key)}::text AS id FROM ${source} WHERE ${condition} ${order} LIMIT 1`,
  );
  return row?.id ?? null;
}
