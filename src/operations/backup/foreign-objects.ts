import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { COLUMNS } from './columns.ts';

/**
 * What a database holds that a backup leaves out, as `view public.seen`: tables, views, sequences, functions and large objects that
 * are not ours, and columns that somebody added to our tables. `schema` is that of our tables, `functions` are ours; `within` is the
 * only schema that counts, where the database has several.
 */
export async function listForeign(
  db: Kysely<Database>,
  schema: string,
  functions: readonly string[],
  within: string | undefined,
): Promise<string[]> {
  const tables = [...COLUMNS.keys()];
  const columns = [...COLUMNS].flatMap(([table, names]) => names.map((name) => `${table}.${name}`));
  const { rows } = await sql<{ object: string }>`
    WITH theirs AS (
      SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        AND nspname = coalesce(${within ?? null}, nspname)
    ), ours AS (
      SELECT c.oid FROM pg_class c JOIN theirs n ON n.oid = c.relnamespace
      WHERE n.nspname = ${schema} AND c.relname = ANY(${tables})
    ), own AS (
      SELECT oid FROM ours UNION SELECT i.inhrelid FROM pg_inherits i JOIN ours o ON o.oid = i.inhparent
    )
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END
      || ' ' || n.nspname || '.' || c.relname AS object
    FROM pg_class c JOIN theirs n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.oid NOT IN (SELECT oid FROM own) AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND (d.deptype = 'e'
        OR d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass AND c.relkind = 'S'))
    UNION ALL
    SELECT 'column ' || c.relname || '.' || a.attname
    FROM pg_class c JOIN ours o ON o.oid = c.oid JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relname || '.' || a.attname <> ALL(${columns})
    UNION ALL
    SELECT 'function ' || n.nspname || '.' || p.proname
    FROM pg_proc p JOIN theirs n ON n.oid = p.pronamespace
    WHERE NOT (n.nspname = ${schema} AND p.proname = ANY(${functions})) AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'large object ' || oid FROM pg_largeobject_metadata WHERE ${within ?? null}::text IS NULL
    ORDER BY 1`.execute(db);
  return rows.map(({ object }) => object);
}
