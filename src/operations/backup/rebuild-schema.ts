import { type Kysely, sql } from 'kysely';
import { execute } from '../../platform/postgres/execute-sql.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { applyScripts } from '../migrations/apply-scripts.ts';
import { createHistoryTable } from '../migrations/history.ts';
import { loadSteps, type Step } from '../migrations/scripts.ts';
import { splitStatements } from '../migrations/split-statements.ts';
import { AS_SCRIPTED, type SchemaSettings, statementsOf } from '../schema/rules.ts';
import type { Archive } from './archive.ts';
import { CorruptArchive } from './corrupt-archive.ts';

/** The functions that the scripts of these steps create. */
export function functionsOf(steps: readonly Step[]): string[] {
  return steps.flatMap(({ up }) =>
    splitStatements(up.text).flatMap(({ sql }) => /^CREATE FUNCTION (\w+)/i.exec(sql)?.[1] ?? []),
  );
}

/** Our scripts that an archive's schema was made by. Throws CorruptArchive for one that this version does not have. */
export async function scriptsFor({ scripts }: Archive): Promise<Step[]> {
  const steps = await loadSteps();
  for (const { name, sha256 } of scripts)
    if (!steps.some(({ up }) => up.sha256 === sha256))
      throw new CorruptArchive(
        'scripts',
        `its schema was made by a script ${name} that this version of pinnacle does not have`,
      );
  return steps.filter(({ up }) => scripts.some(({ sha256 }) => sha256 === up.sha256));
}

/** Creates our schema with its settings in an empty database, in the current schema of the transaction. */
export async function rebuildSchema(
  trx: Kysely<Database>,
  steps: readonly Step[],
  settings: SchemaSettings = AS_SCRIPTED,
): Promise<void> {
  await createHistoryTable(trx).execute();
  await applyScripts(trx, steps);
  for (const statement of statementsOf(settings)) await execute(trx, statement);
}

/**
 * Takes away what would cost more per row than for all of them together, or what only rows in another order satisfy:
 * secondary indexes, foreign keys, triggers. The statements that are returned bring it back, and verify every row.
 */
export async function postponeChecks(trx: Kysely<Database>, schema: string): Promise<string[]> {
  const { rows } = await sql<{ drop: string; make: string }>`
    WITH ours AS (
      SELECT c.oid, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${schema} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    )
    SELECT format('DROP INDEX %s', i.indexrelid::regclass) AS drop, pg_get_indexdef(i.indexrelid) AS make
    FROM ours o JOIN pg_index i ON i.indrelid = o.oid
    WHERE o.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
    UNION ALL
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', o.oid::regclass, k.conname),
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', o.oid::regclass, k.conname, pg_get_constraintdef(k.oid))
    FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid WHERE k.contype = 'f' AND k.conparentid = 0
    UNION ALL
    SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', o.oid::regclass, t.tgname),
      format('ALTER TABLE %s ENABLE TRIGGER %I', o.oid::regclass, t.tgname)
    FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'`.execute(
    trx,
  );
  for (const { drop } of rows) await execute(trx, drop);
  return rows.map(({ make }) => make);
}
