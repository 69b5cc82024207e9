import type { Kysely } from 'kysely';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Column } from './columns.ts';
import { CONTRADICTIONS } from './contradictions.ts';
import { countRows, newestExample } from './count-matches.ts';
import type { ColumnPlan } from './plan-columns.ts';
import { type PlanRow, planRow } from './plan-row.ts';
import type { Settled } from './reconcile.ts';

/** A table as it will be, for the questions that its rows are asked. */
export interface CheckedTable {
  table: string;
  plans: readonly ColumnPlan[];
  settled: readonly Settled[];
  /** The columns that it must have. */
  columns: ReadonlyMap<string, Column>;
}

/** Refuses the new constraints that rows of the table contradict, and tells which rows contradict each other. */
export async function checkRows(
  db: Kysely<Database>,
  { table, plans, settled, columns }: CheckedTable,
  exists: (table: string) => boolean,
): Promise<PlanRow[]> {
  const values = plans.map(({ name, value }) => `${value} AS ${quoteIdentifier(name)}`);
  const view = `(SELECT ${values.join(', ')} FROM ${quoteIdentifier(table)})`;
  const told = Object.entries(CONTRADICTIONS[table] ?? {}).map(
    ([what, when]) => [what, when.replace('{table}', view)] as const,
  );
  const conditions = new Map(told);
  const refusing = new Map<string, PlanRow>();
  for (const { row, isNew, definition } of settled) {
    const when = isNew ? contradiction(definition, view, exists) : undefined;
    if (when === undefined) continue;
    conditions.set(row.object, when);
    refusing.set(row.object, row);
  }
  if (conditions.size === 0) return [];
  const source = `${view} v`;
  const counts = await countRows(db, source, conditions);
  const rows: PlanRow[] = [];
  for (const [name, when] of conditions) {
    const count = counts.get(name) ?? 0;
    if (count === 0) continue;
    const example = await newestExample(db, source, { table, columns }, when);
    const refused = refusing.get(name);
    rows.push(
      refused
        ? { ...refused, state: 'refused', detail: `rows contradict ${refused.object}`, rows: count, example }
        : planRow({
            table,
            kind: 'rows',
            object: table,
            state: 'warning',
            detail: name,
            rows: count,
            example,
          }),
    );
  }
  return rows;
}

/** The rows of a table that contradict a constraint which is to be added, as a condition. */
function contradiction(
  definition: string,
  view: string,
  exists: (table: string) => boolean,
): string | undefined {
  const check = /^CHECK (\(.*\))$/s.exec(definition)?.[1];
  if (check) return `NOT ${check}`;
  const key = /^(?:UNIQUE|PRIMARY KEY) \((.*)\)$/.exec(definition)?.[1];
  if (key) return `(${key}) IN (SELECT ${key} FROM ${view} twice GROUP BY ${key} HAVING count(*) > 1)`;
  const [, column, target, referred] =
    /^FOREIGN KEY \((\w+)\) REFERENCES (\w+)\((\w+)\)$/.exec(definition) ?? [];
  if (!column || !target || !referred) return undefined;
  if (!exists(target)) return `${column} IS NOT NULL`;
  return `${column} IS NOT NULL AND NOT EXISTS (SELECT FROM ${target} r WHERE r.${referred}::text = v.${column}::text)`;
}
