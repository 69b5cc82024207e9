import { type Kysely, sql } from 'kysely';
import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { lastBound, readForeignKeys, readPartitions } from '../../operations/partitions/layout.ts';
import { AHEAD_PARTITION, END, monthsAhead, timeOf } from '../../operations/partitions/months.ts';
import { MADE, PROOF } from '../../operations/partitions/plan-steps.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { pluralize } from '../../util/text.ts';
import { months, refusePositions, table } from './fields.ts';

interface CheckResult extends Record<string, string> {
  finding: string;
  object: string;
  hint: string;
}

export const check = defineCommand({
  effect: 'read',
  phase: 1,
  verdict: true,
  args: { table },
  flags: { months },
  fields: { finding: { type: 'text' }, object: { type: 'text' }, hint: { type: 'text' } },
  examples: ['partition check', 'partition check orders --months 6 --json'],
  details:
    'Ends 6 with a row for each of: a month ahead without a partition, orders beyond the last month, a foreign key to orders that is not validated, an index that a partition lacks, an enable that did not end.',
  async run({ table, months }, ctx: Context) {
    refusePositions(table);
    const db = await ctx.db();
    const partitions = await readPartitions(db);
    const findings = [...(await unfinished(db))];
    if (partitions) {
      const last = lastBound(partitions);
      const missing = monthsAhead(timeOf(last) as Date, ctx.now(), months);
      findings.push(
        ...missing.map(({ partition }) =>
          found('month missing', partition, 'Run: pinnacle partition ensure'),
        ),
        ...(await beyond(db, last)),
        ...(await lacking(db)),
        ...(await readForeignKeys(db))
          .filter(({ valid }) => !valid)
          .map(({ table, name }) => found('not validated', `${table}.${name}`, COMPLETE)),
      );
    }
    if (findings.length > 0) return new Finding(findings);
    await ctx.io.say(
      partitions ? `${pluralize(partitions.length, 'partition')} in order.` : 'orders is one table.',
    );
    return [];
  },
});

const COMPLETE = 'Run: pinnacle partition enable orders';
const found = (finding: string, object: string, hint: string): CheckResult => ({ finding, object, hint });

async function unfinished(db: Kysely<Database>): Promise<CheckResult[]> {
  const { rows } = await sql<{ object: string }>`
    SELECT conrelid::regclass::text || '.' || conname AS object FROM pg_constraint
    WHERE conname = ${PROOF} AND conrelid IN ('orders'::regclass, to_regclass(${AHEAD_PARTITION}))
    UNION ALL SELECT relname FROM pg_class WHERE oid = to_regclass(${MADE})`.execute(db);
  return rows.map(({ object }) => found('unfinished', object, COMPLETE));
}

async function beyond(db: Kysely<Database>, last: string): Promise<CheckResult[]> {
  const { rows } = await sql<{ orders: string }>`
    SELECT count(*) AS orders FROM orders WHERE order_id >= ${last} AND order_id < ${END}`.execute(db);
  const orders = Number(rows[0]?.orders);
  if (orders === 0) return [];
  return [
    found(
      `${pluralize(orders, 'order')} beyond the last month`,
      AHEAD_PARTITION,
      'Run: pinnacle partition ensure',
    ),
  ];
}

async function lacking(db: Kysely<Database>): Promise<CheckResult[]> {
  const { rows } = await sql<{ object: string }>`
    SELECT c.relname || '.' || i.relname AS object
    FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
    CROSS JOIN pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE h.inhparent = 'orders'::regclass AND x.indrelid = h.inhparent AND NOT EXISTS (
      SELECT FROM pg_inherits k JOIN pg_index p ON p.indexrelid = k.inhrelid
      WHERE k.inhparent = x.indexrelid AND p.indrelid = c.oid AND p.indisvalid)
    ORDER BY 1`.execute(db);
  return rows.map(({ object }) =>
    found('index missing', object, 'Create it on the partition, and attach it.'),
  );
}
