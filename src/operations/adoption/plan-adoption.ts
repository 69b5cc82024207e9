import type { Kysely } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { type CatalogEntry, readCatalog } from '../migrations/catalog.ts';
import type { TypeNaming } from '../migrations/type-names.ts';
import { type Column, columnsOf, DOCUMENT_TABLES, labelsOf, unquoted } from './columns.ts';
import { checkRows } from './plan-checks.ts';
import { planNaming } from './plan-naming.ts';
import { type PlanRow, planRow } from './plan-row.ts';
import { planTable, type TablePlan } from './plan-table.ts';
import { planTypes, type TypePlan } from './plan-types.ts';
import {
  type Constraint,
  readConstraints,
  readDependents,
  readOtherRelations,
  readPartialIndexes,
} from './read-objects.ts';
import { reconcile, type Settled } from './reconcile.ts';

export interface AdoptionOptions {
  naiveZone: string | undefined;
  hashKeys: boolean;
}

/** How a database with tables of the document becomes one of ours. */
export interface AdoptionPlan {
  rows: PlanRow[];
  types: TypePlan;
  /** The tables of the document that are there, and those of theirs whose foreign keys follow them. */
  tables: TablePlan[];
  /** Foreign keys to drop before the columns change, and to create again. */
  foreignKeys: Constraint[];
  /** The names by which their services know our types; undefined where they are ours. */
  naming: TypeNaming | undefined;
  /** What stays different from ours beyond what is of theirs alone, as `constraint orders.orders_user_id_fkey`. */
  differs: Set<string>;
}

/** Inspects a database; reads only. `expected` is what the schema must be in the end. */
export async function planAdoption(
  db: Kysely<Database>,
  expected: readonly CatalogEntry[],
  options: AdoptionOptions,
): Promise<AdoptionPlan> {
  const actual = await readCatalog(db);
  const has = new Set(actual.filter(({ kind }) => kind === 'table').map(({ object }) => object));
  const present = DOCUMENT_TABLES.filter((table) => has.has(table));
  const musts = new Map<string, Map<string, Column>>(
    present.map((table) => [table, columnsOf(expected, table)]),
  );
  const pairs = present.flatMap((table) => pairsOf(musts.get(table), columnsOf(actual, table)));
  const types = planTypes(expected, actual, pairs);
  const constraints = await readConstraints(db, present);
  const followers = followersOf(constraints, actual, musts, types);
  for (const [table, columns] of followers) musts.set(table, columns);
  const tables = [...musts.keys()];
  const [indexes, dependents] = [await readPartialIndexes(db, tables), await readDependents(db, tables)];
  const labels = new Map([...labelsOf(actual), ...labelsOf(expected)]);
  const plans: TablePlan[] = [];
  const differs = new Set<string>();
  const named = planNaming(actual, pairs, types);
  const rows = [...(await takenNames(db, expected, has)), ...types.rows, ...named.rows];
  for (const table of tables) {
    const columns = renamedColumns(columnsOf(actual, table), types);
    const own = followers.has(table) ? [] : expected;
    const all = musts.get(table) ?? new Map();
    const given = { table, musts: all, columns, expected: own, constraints, indexes, dependents };
    const plan = await planTable(db, given, { ...options, labels });
    plans.push(plan);
    if (followers.has(table)) rows.push(...plan.rows.filter(({ state }) => state !== 'kept'));
    else rows.push(...(await settleTable(db, plan, all, { expected, actual, has, differs })));
  }
  for (const table of DOCUMENT_TABLES.filter((name) => !has.has(name)))
    rows.push(planRow({ table, kind: 'table', object: table, state: 'added', detail: 'is missing' }));
  rows.push(...theirTables(expected, has));
  const foreignKeys = affected(constraints, plans);
  return { rows, types, tables: plans, foreignKeys, naming: named.naming, differs };
}

interface Known {
  expected: readonly CatalogEntry[];
  actual: readonly CatalogEntry[];
  has: ReadonlySet<string>;
  /** Is added to. */
  differs: Set<string>;
}

/** The rows of a table of the document: itself, its columns, constraints, indexes and triggers, and what its rows contradict. */
async function settleTable(
  db: Kysely<Database>,
  plan: TablePlan,
  columns: ReadonlyMap<string, Column>,
  { expected, actual, has, differs }: Known,
): Promise<PlanRow[]> {
  const { table, released } = plan;
  const settled = reconcile(table, expected, actual, released);
  for (const one of plan.differs) differs.add(one);
  for (const { row, differs: stays } of settled) if (stays) differs.add(`${row.kind} ${row.object}`);
  const checked = { table, plans: plan.columns, settled, columns };
  const contradicted = plan.rows.some(({ state }) => state === 'refused')
    ? []
    : await checkRows(db, checked, (name) => has.has(name));
  const itself = tableRow(table, expected, actual);
  if (itself.state === 'kept') differs.add(`table ${table}`);
  return [itself, ...mergeRows(plan.rows, settled, contradicted)];
}

/** The rows of the columns, of the constraints and indexes that they do not speak of, and of what contradicts either. */
function mergeRows(
  columns: readonly PlanRow[],
  settled: readonly Settled[],
  contradicted: readonly PlanRow[],
) {
  const key = ({ kind, object }: PlanRow) => `${kind} ${object}`;
  const told = new Set([...columns, ...contradicted].map(key));
  return [...columns, ...settled.map(({ row }) => row).filter((row) => !told.has(key(row))), ...contradicted];
}

const pairsOf = (musts: ReadonlyMap<string, Column> | undefined, columns: ReadonlyMap<string, Column>) =>
  [...(musts?.values() ?? [])].flatMap((must) => {
    const is = columns.get(must.name);
    return is ? [[must, is] as const] : [];
  });

/** The columns as they are once the types have their names. */
function renamedColumns(columns: ReadonlyMap<string, Column>, { renamed }: TypePlan): Map<string, Column> {
  return new Map(
    [...columns].map(([name, column]) => {
      const type = renamed.get(unquoted(column.type));
      if (type === undefined) return [name, column];
      const given = column.default?.replace(
        /^'([^']*)'::.*$/,
        (_, label: string) => `'${label.toUpperCase()}'::${type}`,
      );
      return [name, { ...column, type, default: type.endsWith('_before') ? column.default : given }];
    }),
  );
}

/** The columns of tables of theirs that refer to an id which is no text yet: they become text with it. */
function followersOf(
  constraints: readonly Constraint[],
  actual: readonly CatalogEntry[],
  musts: ReadonlyMap<string, ReadonlyMap<string, Column>>,
  { renamed }: TypePlan,
): Map<string, Map<string, Column>> {
  const followers = new Map<string, Map<string, Column>>();
  for (const { type, table, columns, target, target_columns } of constraints) {
    if (type !== 'f' || target === null || musts.has(table)) continue;
    for (const [i, name] of columns.entries()) {
      const must = musts.get(target)?.get(target_columns[i] ?? '');
      const is = columnsOf(actual, table).get(name);
      if (!must || !is || /^(character varying|text)\b/.test(is.type) || renamed.has(is.type)) continue;
      const column = { ...is, type: must.type, collation: must.collation };
      followers.set(table, new Map([...(followers.get(table) ?? []), [name, column]]));
    }
  }
  return followers;
}

/** The foreign keys on either side of which a column changes its type. */
function affected(constraints: readonly Constraint[], plans: readonly TablePlan[]): Constraint[] {
  const retyped = new Set(
    plans.flatMap(({ table, columns }) =>
      columns.filter((column) => column.retyped).map(({ name }) => `${table}.${name}`),
    ),
  );
  return constraints.filter(
    ({ type, table, columns, target, target_columns }) =>
      type === 'f' &&
      (columns.some((name) => retyped.has(`${table}.${name}`)) ||
        target_columns.some((name) => retyped.has(`${target}.${name}`))),
  );
}

/** A table of the document that is more than a plain one stays so, and is told. */
function tableRow(
  table: string,
  expected: readonly CatalogEntry[],
  actual: readonly CatalogEntry[],
): PlanRow {
  const find = (list: readonly CatalogEntry[]) =>
    list.find(({ kind, object }) => kind === 'table' && object === table);
  const is = find(actual)?.definition ?? '';
  if (is === (find(expected)?.definition ?? ''))
    return planRow({ table, kind: 'table', object: table, state: 'fits' });
  return planRow({ table, kind: 'table', object: table, state: 'kept', detail: `is ${is}` });
}

/** Tables of theirs alone, such as that of a migration generator. */
function theirTables(expected: readonly CatalogEntry[], has: ReadonlySet<string>): PlanRow[] {
  const ours = new Set(expected.filter(({ kind }) => kind === 'table').map(({ object }) => object));
  return [...has]
    .filter((table) => !ours.has(table))
    .map((table) => planRow({ table, kind: 'table', object: table, state: 'kept', detail: 'theirs' }));
}

/** What has the name of a table of ours and is none, or is not one of the document. */
async function takenNames(
  db: Kysely<Database>,
  expected: readonly CatalogEntry[],
  has: ReadonlySet<string>,
): Promise<PlanRow[]> {
  const names = expected.filter(({ kind }) => kind === 'table').map(({ object }) => object);
  const document: readonly string[] = DOCUMENT_TABLES;
  const others = await readOtherRelations(db, names);
  const taken = [
    ...others,
    ...names
      .filter((name) => has.has(name) && !document.includes(name))
      .map((name) => ({ name, what: 'a table of another program' })),
  ];
  return [...new Map(taken.map((one) => [one.name, one])).values()].map(({ name, what }) =>
    planRow({
      table: name,
      kind: 'table',
      object: name,
      state: 'refused',
      detail: `${what}, where Pinnacle needs a table of its own: rename it`,
    }),
  );
}
