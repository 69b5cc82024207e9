import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import { BRIEF_LOCKS, PATIENT_LOCKS, setLockTimeout } from '../../platform/postgres/retry-under-locks.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
import { type CatalogEntry, readCatalog } from '../migrations/catalog.ts';
import type { Step } from '../migrations/scripts.ts';
import { splitStatements } from '../migrations/split-statements.ts';
import { STRICT_RULES, switchRule } from '../schema/rules.ts';
import { DOCUMENT_TABLES } from './columns.ts';
import { fingerprint } from './fingerprint.ts';
import type { AdoptionPlan } from './plan-adoption.ts';
import type { TablePlan } from './plan-table.ts';
import { reconcile } from './reconcile.ts';

/**
 * Locks tables against every other session. Waits only so briefly for each that no writer who waits for us in turn is ended as
 * part of a deadlock, and takes those first that refer to others, as a writer does.
 */
export async function lockTables(db: Kysely<Database>, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return;
  await setLockTimeout(db, BRIEF_LOCKS);
  await execute(
    db,
    `LOCK TABLE ${tables.map(quoteIdentifier).reverse().join(', ')} IN ACCESS EXCLUSIVE MODE`,
  );
  await setLockTimeout(db, PATIENT_LOCKS);
}

/**
 * Converts the tables of a plan in place and creates what is missing, in the transaction that is open. Returns the number of
 * rows and the fingerprint of every table. Throws ROWS_CHANGED where a row is not what it was.
 */
export async function runPlan(
  ctx: Context,
  db: Kysely<Database>,
  plan: AdoptionPlan,
  { steps, expected }: { steps: readonly Step[]; expected: readonly CatalogEntry[] },
  onProgress: (what: string) => void,
): Promise<Record<string, string>> {
  const run = async (text: string) => {
    ctx.signal.throwIfAborted();
    await execute(db, text);
  };
  for (const text of plan.types.statements) await run(text);
  onProgress('reading every row');
  const before = await fingerprints(db, plan.tables, 'before');
  for (const { table, name } of plan.foreignKeys)
    await run(`ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(name)}`);
  for (const table of plan.tables) {
    onProgress(`converting ${table.table}`);
    await convertTable(table, run);
  }
  for (const { table, name, definition } of plan.foreignKeys)
    await run(`ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(name)} ${definition}`);
  onProgress('creating what is missing');
  const present = new Set(plan.tables.map(({ table }) => table));
  for (const text of statementsFor(steps, present)) await run(text);
  // Of tables that were missing; the indexes of a rule are settled as all others.
  const rules = STRICT_RULES.filter(({ kind, table }) => kind !== 'unique' && !present.has(table));
  for (const text of rules.flatMap((rule) => switchRule(rule, 'shared'))) await run(text);
  await settle(db, plan, expected, run);
  for (const type of plan.types.setAside) await dropUnused(db, type, run);
  onProgress('comparing every row');
  const after = await fingerprints(db, plan.tables, 'after');
  for (const [table, print] of Object.entries(before))
    if (after[table] !== print)
      throw refused(
        'ROWS_CHANGED',
        `The rows of ${table} would not be what they were: ${print} before, ${after[table]} after. Nothing was changed.`,
        'See what is converted: pinnacle migrate adopt --plan',
      );
  return after;
}

async function convertTable(
  { table, columns, drops, indexes }: TablePlan,
  run: (text: string) => Promise<void>,
): Promise<void> {
  for (const { name } of indexes) await run(`DROP INDEX ${quoteIdentifier(name)}`);
  const parts = [...drops, ...columns.flatMap((column) => column.parts)];
  if (parts.length > 0) await run(`ALTER TABLE ${quoteIdentifier(table)} ${parts.join(', ')}`);
  for (const text of columns.flatMap(({ after }) => after)) await run(text);
  for (const { create } of indexes) await run(create);
}

async function fingerprints(
  db: Kysely<Database>,
  tables: readonly TablePlan[],
  when: 'before' | 'after',
): Promise<Record<string, string>> {
  const prints: Record<string, string> = {};
  for (const { table, columns } of tables) {
    const values = columns.flatMap(({ kept }) => (kept ? [kept[when]] : []));
    prints[table] = await fingerprint(db, table, values);
  }
  return prints;
}

/** Renames and creates the constraints, indexes and triggers of the tables of the document. */
async function settle(
  db: Kysely<Database>,
  plan: AdoptionPlan,
  expected: readonly CatalogEntry[],
  run: (text: string) => Promise<void>,
): Promise<void> {
  const actual = await readCatalog(db);
  const released = new Map(plan.tables.map((one) => [one.table, one.released]));
  const settled = DOCUMENT_TABLES.flatMap((table) =>
    reconcile(table, expected, actual, released.get(table) ?? new Set()),
  );
  // Keys first, because the foreign keys of any table may need them.
  const isForeignKey = ({ definition }: { definition: string }) => definition.startsWith('FOREIGN KEY');
  const ordered = [...settled.filter((one) => !isForeignKey(one)), ...settled.filter(isForeignKey)];
  for (const { row } of ordered) if (row.sql !== null) await run(row.sql);
}

const HEAD =
  /^(?:CREATE TABLE (?<table>\w+)|ALTER TABLE (?<altered>\w+)|CREATE TYPE (?<type>\w+)|CREATE (?:UNIQUE )?INDEX \w+\s+ON (?<indexed>\w+)|CREATE (?:CONSTRAINT )?TRIGGER \w+[^;]*?\sON (?<watched>\w+))/;

/** The statements of the steps, but for those about tables that are there, which are settled apart, and about types. */
function statementsFor(steps: readonly Step[], present: ReadonlySet<string>): string[] {
  return steps
    .flatMap(({ up }) => splitStatements(up.text))
    .map(({ sql: text }) => text)
    .filter((text) => {
      const { table, altered, type, indexed, watched } = HEAD.exec(text)?.groups ?? {};
      const about = table ?? altered ?? indexed ?? watched;
      return type === undefined && (about === undefined || !present.has(about));
    });
}

async function dropUnused(
  db: Kysely<Database>,
  type: string,
  run: (text: string) => Promise<void>,
): Promise<void> {
  const { rows } = await sql`
    SELECT FROM pg_attribute WHERE atttypid = to_regtype(${quoteIdentifier(type)}) AND NOT attisdropped`.execute(
    db,
  );
  if (rows.length === 0) await run(`DROP TYPE IF EXISTS ${quoteIdentifier(type)}`);
}
