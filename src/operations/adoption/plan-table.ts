import type { Kysely } from 'kysely';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { CatalogEntry } from '../migrations/catalog.ts';
import { type Column, unquoted } from './columns.ts';
import { countRows, newestExample } from './count-matches.ts';
import {
  type ColumnContext,
  type ColumnPlan,
  columnRows,
  planColumn,
  planForeign,
  planMissing,
} from './plan-columns.ts';
import { type PlanRow, planRow } from './plan-row.ts';
import type { Constraint, Dependent, PartialIndex } from './read-objects.ts';

/** What happens to one table of theirs. */
export interface TablePlan {
  table: string;
  columns: ColumnPlan[];
  rows: PlanRow[];
  /** Parts of its ALTER TABLE that drop constraints, and the names of those that are not to come back. */
  drops: string[];
  released: Set<string>;
  /** What stays different from ours, as `column orders.order_id`. */
  differs: Set<string>;
  /** Indexes whose condition must be written anew. */
  indexes: { name: string; create: string }[];
}

/** What is known of a table before it is planned. */
export interface Given {
  table: string;
  /** What the columns must be; those that are not here are theirs. */
  musts: ReadonlyMap<string, Column>;
  /** What they are, under the names that their types will have. */
  columns: ReadonlyMap<string, Column>;
  expected: readonly CatalogEntry[];
  constraints: readonly Constraint[];
  indexes: readonly PartialIndex[];
  dependents: readonly Dependent[];
}

/** Plans the columns of a table, and what depends on those whose type changes. */
export async function planTable(
  db: Kysely<Database>,
  given: Given,
  options: Omit<ColumnContext, 'nulls' | 'rows'>,
): Promise<TablePlan> {
  const { table, musts, columns, expected, constraints } = given;
  const source = quoteIdentifier(table);
  const fillable = [...musts.values()].filter(
    (must) => must.default !== undefined && columns.get(must.name)?.notNull === false,
  );
  const nulls = await countRows(
    db,
    source,
    new Map(fillable.map(({ name }) => [name, `${quoteIdentifier(name)} IS NULL`])),
  );
  const context = { ...options, nulls, rows: nulls.get('') ?? 0 };
  const uniques = new Set(
    constraints.filter(({ type }) => type === 'p' || type === 'u').flatMap((one) => one.columns),
  );
  const planned = [...musts.values()].map((must) => {
    const is = columns.get(must.name);
    return is ? planColumn(must, is, context) : planMissing(must, definitionOf(expected, must), context);
  });
  const theirs = [...columns.values()]
    .filter(({ name }) => !musts.has(name))
    .map((is) => planForeign(is, uniques.has(is.name)));
  const plan: TablePlan = {
    table,
    columns: [...planned, ...theirs],
    rows: [],
    drops: [],
    released: new Set(),
    differs: new Set(
      planned.filter(({ keepsDefault }) => keepsDefault).map(({ name }) => `column ${table}.${name}`),
    ),
    indexes: [],
  };
  const found = await findRows(db, plan, columns);
  plan.rows.push(...plan.columns.flatMap((column) => columnRows(table, column, found)));
  planDependents(plan, given, context);
  return plan;
}

const definitionOf = (expected: readonly CatalogEntry[], { table, name }: Column) =>
  expected.find(({ kind, object }) => kind === 'column' && object === `${table}.${name}`)?.definition ?? '';

/** The conditions of the columns that any row meets, with the newest of them. */
async function findRows(
  db: Kysely<Database>,
  { table, columns: plans }: TablePlan,
  columns: ReadonlyMap<string, Column>,
) {
  const source = quoteIdentifier(table);
  const conditions = new Map<string, string>(
    plans.flatMap((plan) =>
      [...plan.refuses, ...plan.tells].map(([why, when]) => [`${plan.name} ${why}`, when] as const),
    ),
  );
  const found = new Map<string, { rows: number; example: string | null }>();
  for (const [name, rows] of await countRows(db, source, conditions)) {
    const when = conditions.get(name);
    if (rows > 0 && when !== undefined)
      found.set(name, { rows, example: await newestExample(db, source, { table, columns }, when) });
  }
  return found;
}

function planDependents(plan: TablePlan, given: Given, { labels }: Pick<ColumnContext, 'labels'>): void {
  const { table, musts, constraints, indexes, dependents } = given;
  const retyped = new Set(plan.columns.filter(({ retyped }) => retyped).map(({ name }) => name));
  for (const { column, what } of dependents.filter((one) => one.table === table && retyped.has(one.column)))
    plan.rows.push(
      planRow({
        table,
        kind: 'column',
        object: `${table}.${column}`,
        state: 'refused',
        detail: `${what} depends on it: drop that, and create it again afterwards`,
      }),
    );
  const toEnum = (name: string) =>
    plan.columns.some((column) => column.name === name && column.retyped === 'type') &&
    labels.has(unquoted(musts.get(name)?.type ?? ''));
  for (const one of constraints.filter((constraint) => constraint.table === table)) {
    if (one.type === 'c' && one.columns.some(toEnum)) planCheck(plan, one);
    if (one.type === 'p') planKey(plan, one, given);
  }
  for (const index of indexes.filter((one) => one.table === table)) {
    const converted = index.columns.filter(toEnum);
    if (converted.length > 0) planIndex(plan, index, converted, musts);
  }
}

/** A CHECK of an enum in text says what the type says then. */
function planCheck(plan: TablePlan, { table, name, columns, definition }: Constraint): void {
  const row = { table, kind: 'constraint', object: `${table}.${name}` } as const;
  if (columns.length > 1) {
    const detail = `is about a column that becomes an enum: drop it, and create it again afterwards. ${definition}`;
    plan.rows.push(planRow({ ...row, state: 'refused', detail }));
    return;
  }
  const sql = `DROP CONSTRAINT ${quoteIdentifier(name)}`;
  plan.drops.push(sql);
  plan.released.add(name);
  plan.rows.push(planRow({ ...row, state: 'converted', detail: `the type says it: ${definition}`, sql }));
}

/** A primary key of theirs on other columns becomes a unique constraint. */
function planKey(plan: TablePlan, is: Constraint, { expected, constraints }: Given): void {
  const { table, name } = is;
  const must = expected.find(
    ({ kind, owner, definition }) =>
      kind === 'constraint' && owner === table && definition.startsWith('PRIMARY KEY'),
  );
  if (!must || must.definition === is.definition) return;
  const row = { table, kind: 'constraint', object: `${table}.${name}` } as const;
  const referring = constraints.find(
    ({ type, target, target_columns }) =>
      type === 'f' && target === table && target_columns.join() === is.columns.join(),
  );
  if (referring) {
    const detail = `is not the key of the document, and ${referring.table}.${referring.name} refers to it`;
    plan.rows.push(planRow({ ...row, state: 'refused', detail }));
    return;
  }
  const unique = `${table}_${is.columns.join('_')}_key`;
  const columns = is.columns.map(quoteIdentifier).join(', ');
  const parts = [
    `DROP CONSTRAINT ${quoteIdentifier(name)}`,
    `ADD CONSTRAINT ${quoteIdentifier(unique)} UNIQUE (${columns})`,
  ];
  plan.drops.push(...parts);
  plan.released.add(name);
  const detail = `is not the key of the document: it stays as the unique constraint ${unique}`;
  plan.rows.push(planRow({ ...row, state: 'converted', detail, sql: parts.join('; ') }));
}

/** Writes the condition of an index on an enum in text anew, where it is about that column alone. */
function planIndex(
  plan: TablePlan,
  { table, name, definition }: PartialIndex,
  converted: readonly string[],
  musts: ReadonlyMap<string, Column>,
): void {
  const row = { table, kind: 'index', object: `${table}.${name}` } as const;
  const [column] = converted;
  const create = column === undefined ? undefined : adapt(definition, column, musts.get(column)?.type ?? '');
  if (create === undefined || converted.length > 1) {
    const detail = `its condition is about a column that becomes an enum: drop it, and create it again afterwards. ${definition}`;
    plan.rows.push(planRow({ ...row, state: 'refused', detail }));
    return;
  }
  plan.indexes.push({ name, create });
  const sql = `DROP INDEX ${quoteIdentifier(name)}; ${create}`;
  plan.rows.push(planRow({ ...row, state: 'converted', detail: 'its condition compares with labels', sql }));
}

/** A condition that compares a column as text, written for the column as an enum; undefined where there is more to it. */
function adapt(definition: string, column: string, type: string): string | undefined {
  const [head = '', condition, ...more] = definition.split(' WHERE ');
  if (condition === undefined || more.length > 0 || head.includes('::')) return undefined;
  const adapted = condition
    .replace(new RegExp(`\\b${column}::text\\b`, 'g'), column)
    .replace(
      /'([^']*)'::(?:text|character varying(?:\(\d+\))?)(?!\[)/g,
      (_, label: string) => `'${label.trim().toUpperCase()}'::${type}`,
    )
    .replace(/\]::text\[\]/g, ']');
  const words = adapted.replace(/'[^']*'::\w+/g, '').match(/[a-z_]\w*/gi) ?? [];
  const plain = words.every(
    (word) => word === column || /^(AND|OR|NOT|ANY|ALL|ARRAY|IN|IS|NULL)$/.test(word),
  );
  return plain ? `${head} WHERE ${adapted}` : undefined;
}
