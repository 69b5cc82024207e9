import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { AHEAD_PARTITION, END } from './months.ts';

/** A partition of orders, from the catalog. */
export interface Partition {
  name: string;
  /** The range of ids; null for the DEFAULT partition. */
  from: string | null;
  to: string | null;
  /** As of the last ANALYZE; null before the first. */
  rows: number | null;
  bytes: number;
}

/** The partitions of orders by range, DEFAULT first; undefined where orders is a plain table. */
export async function readPartitions(db: Kysely<Database>): Promise<Partition[] | undefined> {
  const { rows: kind } = await sql<{ partitioned: boolean }>`
    SELECT relkind = 'p' AS partitioned FROM pg_class WHERE oid = 'orders'::regclass`.execute(db);
  if (!kind[0]?.partitioned) return undefined;
  const { rows } = await sql<{ name: string; bound: string; rows: string; bytes: string }>`
    SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound,
      c.reltuples::bigint AS rows, pg_total_relation_size(c.oid) AS bytes
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'orders'::regclass`.execute(db);
  const partitions = rows.map(({ name, bound, rows, bytes }) => {
    const [, from = null, to = null] = /FROM \('(.*)'\) TO \('(.*)'\)/.exec(bound) ?? [];
    return { name, from, to, rows: Number(rows) < 0 ? null : Number(rows), bytes: Number(bytes) };
  });
  return partitions.sort((a, b) => ((a.from ?? '') < (b.from ?? '') ? -1 : 1));
}

/** The bound at which the months end and `orders_ahead` begins. */
export function lastBound(partitions: readonly Partition[]): string {
  const ahead = partitions.find(({ name }) => name === AHEAD_PARTITION);
  if (!ahead?.from) throw new Error(`${AHEAD_PARTITION} is not a partition of orders`);
  return ahead.from;
}

/** A foreign key to orders, from the catalog. */
export interface ForeignKey {
  table: string;
  name: string;
  definition: string;
  valid: boolean;
}

/** The foreign keys that refer to orders, from any table. */
export async function readForeignKeys(db: Kysely<Database>): Promise<ForeignKey[]> {
  const { rows } = await sql<ForeignKey>`
    SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, convalidated AS valid,
      replace(pg_get_constraintdef(oid), ' NOT VALID', '') AS definition
    FROM pg_constraint
    WHERE contype = 'f' AND confrelid = 'orders'::regclass AND conparentid = 0
    ORDER BY conrelid::regclass::text = 'order_fills', 1, 2`.execute(db);
  return rows;
}

/** What the new table must have in common with the old one. */
export interface Original {
  owner: string;
  /** Secondary indexes. */
  indexes: { name: string; definition: string }[];
  /** Foreign keys of orders to other tables. */
  keys: { name: string; definition: string }[];
  /** Grants to roles other than the owner. */
  grants: { role: string; privilege: string; column: string | null }[];
  /** Triggers of ours, which the new table gets. */
  triggers: { name: string; definition: string; disabled: boolean }[];
  /** Triggers of others, views and policies, which would stay attached to the old table. */
  attached: string[];
}

/** Reads the orders table from the catalog, whether it is partitioned or not. */
export async function readOriginal(db: Kysely<Database>): Promise<Original> {
  const isOurs = sql`tgname IN ('orders_default_nulls', 'orders_foreign', 'orders_held')`;
  const { rows } = await sql<Original>`
    SELECT quote_ident(pg_get_userbyid(c.relowner)) AS owner,
      (SELECT coalesce(json_agg(json_build_object('name', i.relname, 'definition', pg_get_indexdef(i.oid)) ORDER BY i.oid), '[]')
       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
       WHERE x.indrelid = c.oid AND NOT x.indisprimary) AS indexes,
      (SELECT coalesce(json_agg(json_build_object('name', quote_ident(k.conname), 'definition', pg_get_constraintdef(k.oid))), '[]')
       FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f') AS keys,
      (SELECT coalesce(json_agg(json_build_object('role', CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
         'privilege', a.privilege_type, 'column', quote_ident(a.attname))), '[]')
       FROM (SELECT e.*, NULL::name AS attname FROM aclexplode(c.relacl) e
             UNION ALL SELECT e.*, t.attname FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) e
             WHERE t.attrelid = c.oid) a
       WHERE a.grantee <> c.relowner) AS grants,
      (SELECT coalesce(json_agg(json_build_object('name', tgname, 'definition', pg_get_triggerdef(oid), 'disabled', tgenabled = 'D')
         ORDER BY tgname), '[]')
       FROM pg_trigger WHERE tgrelid = c.oid AND ${isOurs}) AS triggers,
      ARRAY(SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal AND NOT ${isOurs}
        UNION ALL SELECT 'policy ' || polname FROM pg_policy WHERE polrelid = c.oid
        UNION ALL SELECT DISTINCT 'view ' || r.ev_class::regclass::text
        FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = c.oid) AS attached
    FROM pg_class c WHERE c.oid = 'orders'::regclass`.execute(db);
  return rows[0] as Original;
}

/** Throws IDS_OF_LATER (exit 5) where order ids sort at the bound or after it: future partitions must be empty. */
export async function refuseLaterIds(db: Kysely<Database>, bound: string): Promise<void> {
  const { rows } = await sql<{ orders: string; example: string | null }>`
    SELECT count(*) AS orders, min(order_id) AS example FROM orders
    WHERE order_id >= ${bound} AND order_id < ${END}`.execute(db);
  const orders = Number(rows[0]?.orders);
  if (orders > 0)
    throw refused(
      'IDS_OF_LATER',
      `${pluralize(orders, 'order')} such as ${rows[0]?.example} have ids that sort into later months.`,
      'Nothing was changed. Ids are minted from the time of the order: try again once that month has begun.',
    );
}
