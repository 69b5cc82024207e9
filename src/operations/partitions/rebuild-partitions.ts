import type { Kysely } from 'kysely';
import { execute } from '../../platform/postgres/execute-sql.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { readForeignKeys, readOriginal, readPartitions } from './layout.ts';
import { AHEAD_PARTITION, monthOf, timeOf } from './months.ts';
import { enableSteps } from './plan-steps.ts';

/** The months of one partition, `2026-12`: from the first of `from` up to that of `to`. */
export interface MonthRange {
  from: string;
  to: string;
}

const textOf = (bound: string | null) =>
  timeOf(bound ?? '')
    ?.toISOString()
    .slice(0, 7) ?? '';
const dateOf = (month: string) => new Date(`${month}-01T00:00:00Z`);

/** The partitions of orders between the history and what lies ahead; null where orders is one table. */
export async function readMonths(db: Kysely<Database>): Promise<MonthRange[] | null> {
  const partitions = await readPartitions(db);
  if (!partitions) return null;
  return partitions
    .filter(({ name, from }) => from !== null && name !== AHEAD_PARTITION)
    .map(({ from, to }) => ({ from: textOf(from), to: textOf(to) }));
}

/** Whether ranges follow each other without a gap, so that they can be the partitions of a table. */
export function areContiguous(ranges: readonly MonthRange[]): boolean {
  return ranges.every(({ from, to }, i) => from < to && (i === 0 || from === ranges[i - 1]?.to));
}

/** Turns an empty table orders into partitions of these months, within the transaction of `db`. */
export async function rebuildPartitions(db: Kysely<Database>, ranges: readonly MonthRange[]): Promise<void> {
  const months = ranges.map(({ from, to }) => ({ ...monthOf(dateOf(from)), end: dateOf(to) }));
  const [first] = months;
  if (!first) return;
  const steps = enableSteps(await readOriginal(db), await readForeignKeys(db), first.start, months);
  for (const { sql } of steps) for (const statement of sql) await execute(db, statement);
}
