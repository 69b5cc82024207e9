import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { pluralize } from '../../util/text.ts';
import { refusePositions } from './assert-partitionable.ts';
import { lastBound, readForeignKeys, readPartitions } from './layout.ts';
import { AHEAD_PARTITION, END, monthsAhead, timeOf } from './months.ts';
import { DRAFT_TABLE, RANGE_CHECK } from './plan-steps.ts';

/** Something about the partitions that needs attention, and the command that helps. */
export interface PartitionFinding extends Record<string, string> {
  finding: string;
  object: string;
  hint: string;
}

const ENABLE = 'Run: pinnacle partition enable orders';
const ENSURE = 'Run: pinnacle partition ensure';

/** Whether there are partitions for the next `months` months and nothing is left unfinished; empty where all is well. */
export async function checkPartitions(
  ctx: Context,
  { table, months }: { table: string; months: number },
): Promise<PartitionFinding[]> {
  refusePositions(table);
  const db = await ctx.db();
  const partitions = await readPartitions(db);
  const findings = await findUnfinished(db);
  if (partitions) {
    const last = lastBound(partitions);
    const missing = monthsAhead(timeOf(last) as Date, ctx.now(), months);
    findings.push(
      ...missing.map(({ partition }) => finding('month missing', partition, ENSURE)),
      ...(await findBeyond(db, last)),
      ...(await findMissingIndexes(db)),
      ...(await findUnvalidated(db)),
    );
  }
  if (findings.length === 0)
    await ctx.io.say(
      partitions ? `${pluralize(partitions.length, 'partition')} in order.` : 'orders is not partitioned.',
    );
  return findings;
}

const finding = (finding: string, object: string, hint: string): PartitionFinding => ({
  finding,
  object,
  hint,
});

async function findUnfinished(db: Kysely<Database>): Promise<PartitionFinding[]> {
  const { rows } = await sql<{ object: string }>`
    SELECT conrelid::regclass::text || '.' || conname AS object FROM pg_constraint
    WHERE conname = ${RANGE_CHECK} AND conrelid IN ('orders'::regclass, to_regclass(${AHEAD_PARTITION}))
    UNION ALL SELECT relname FROM pg_class WHERE oid = to_regclass(${DRAFT_TABLE})`.execute(db);
  return rows.map(({ object }) => finding('unfinished', object, ENABLE));
}

async function findBeyond(db: Kysely<Database>, last: string): Promise<PartitionFinding[]> {
  const { rows } = await sql<{ orders: string }>`
    SELECT count(*) AS orders FROM orders WHERE order_id >= ${last} AND order_id < ${END}`.execute(db);
  const orders = Number(rows[0]?.orders);
  if (orders === 0) return [];
  return [finding(`${pluralize(orders, 'order')} beyond the last month`, AHEAD_PARTITION, ENSURE)];
}

async function findMissingIndexes(db: Kysely<Database>): Promise<PartitionFinding[]> {
  const { rows } = await sql<{ object: string }>`
    SELECT c.relname || '.' || i.relname AS object
    FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
    CROSS JOIN pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE h.inhparent = 'orders'::regclass AND x.indrelid = h.inhparent AND NOT EXISTS (
      SELECT FROM pg_inherits k JOIN pg_index p ON p.indexrelid = k.inhrelid
      WHERE k.inhparent = x.indexrelid AND p.indrelid = c.oid AND p.indisvalid)
    ORDER BY 1`.execute(db);
  return rows.map(({ object }) =>
    finding('index missing', object, 'Create it on the partition and attach it.'),
  );
}

async function findUnvalidated(db: Kysely<Database>): Promise<PartitionFinding[]> {
  const keys = await readForeignKeys(db);
  return keys
    .filter(({ valid }) => !valid)
    .map(({ table, name }) => finding('not validated', `${table}.${name}`, ENABLE));
}
