import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';

/** A constraint as text, and the columns it is about. */
export interface Constraint {
  /** As SQL writes it: with its schema where that is not the one of the session. */
  table: string;
  name: string;
  /** c: CHECK, f: foreign key, p: primary key, u: unique. */
  type: 'c' | 'f' | 'p' | 'u' | 'x';
  columns: string[];
  /** Of a foreign key: the table and the columns it refers to. */
  target: string | null;
  target_columns: string[];
  definition: string;
}

/** The constraints of tables, and the foreign keys of all others that refer to them. */
export async function readConstraints(
  db: Kysely<Database>,
  tables: readonly string[],
): Promise<Constraint[]> {
  const { rows } = await sql<Constraint>`
    WITH ours AS (SELECT name::regclass AS oid FROM unnest(${tables}::text[]) AS name)
    SELECT c.conrelid::regclass::text AS table, c.conname AS name, c.contype AS type,
      ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (num, i)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.i) AS columns,
      CASE WHEN c.contype = 'f' THEN c.confrelid::regclass::text END AS target,
      ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k (num, i)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num ORDER BY k.i) AS target_columns,
      pg_get_constraintdef(c.oid, true) AS definition
    FROM pg_constraint c
    WHERE (c.conrelid IN (SELECT oid FROM ours) OR (c.contype = 'f' AND c.confrelid IN (SELECT oid FROM ours)))
      AND c.contype IN ('c', 'f', 'p', 'u', 'x') AND c.conparentid = 0
    ORDER BY 1, 2`.execute(db);
  return rows;
}

/** An index with a condition or an expression, and the columns that it depends on. */
export interface PartialIndex {
  table: string;
  name: string;
  columns: string[];
  definition: string;
}

/** The indexes of tables that have a condition or an expression. */
export async function readPartialIndexes(
  db: Kysely<Database>,
  tables: readonly string[],
): Promise<PartialIndex[]> {
  const { rows } = await sql<PartialIndex>`
    SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS name,
      pg_get_indexdef(i.indexrelid, 0, true) AS definition,
      ARRAY(SELECT DISTINCT a.attname::text FROM pg_depend d
        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = i.indrelid
          AND d.refobjsubid > 0) AS columns
    FROM pg_index i
    WHERE i.indrelid = ANY(${tables}::text[]::regclass[]) AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL)
    ORDER BY 1, 2`.execute(db);
  return rows;
}

/** What PostgreSQL will not let a column change its type under: a view, a policy, a trigger or a generated column. */
export interface Dependent {
  table: string;
  column: string;
  what: string;
}

/** The views, policies, triggers and generated columns that depend on columns of tables. */
export async function readDependents(db: Kysely<Database>, tables: readonly string[]): Promise<Dependent[]> {
  const { rows } = await sql<Dependent>`
    SELECT DISTINCT d.refobjid::regclass::text AS table, a.attname::text AS column,
      coalesce((SELECT (CASE v.relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END) || v.oid::regclass
        FROM pg_rewrite w JOIN pg_class v ON v.oid = w.ev_class
        WHERE d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid AND v.relkind IN ('v', 'm')),
        pg_describe_object(d.classid, d.objid, d.objsubid)) AS what
    FROM pg_depend d
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
      AND d.refobjid = ANY(${tables}::text[]::regclass[])
      AND (d.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass)
        OR (d.classid = 'pg_attrdef'::regclass AND EXISTS (
          SELECT FROM pg_attrdef f JOIN pg_attribute g ON g.attrelid = f.adrelid AND g.attnum = f.adnum
          WHERE f.oid = d.objid AND g.attgenerated <> '' AND g.attnum <> d.refobjsubid)))
    ORDER BY 1, 2, 3`.execute(db);
  return rows;
}

/** The relations of a schema that have one of these names but are no plain tables. */
export async function readOtherRelations(
  db: Kysely<Database>,
  names: readonly string[],
): Promise<{ name: string; what: string }[]> {
  const { rows } = await sql<{ name: string; what: string }>`
    SELECT c.relname::text AS name,
      CASE c.relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view' WHEN 'p' THEN 'a partitioned table'
        WHEN 'f' THEN 'a foreign table' ELSE 'no table' END AS what
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(${names}::text[]) AND c.relkind <> 'r'
    ORDER BY 1`.execute(db);
  return rows;
}
