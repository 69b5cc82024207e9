import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { countLines } from '../../platform/files/copy-lines.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { type DatabaseFailure, isPermissionDenied } from '../../platform/postgres/errors.ts';
import { currentDatabase } from '../../platform/postgres/identifiers.ts';
import { readSchema } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure, refused } from '../../util/failure.ts';
import { readGranted } from '../access/diff-grants.ts';
import { countUse } from '../keyring/usage.ts';
import { changesOf, lastPhase, readHistory, refuseChanged } from '../migrations/history.ts';
import { TEXT_FUNCTIONS } from '../migrations/name-types.ts';
import { isSameStep, loadSteps, type Step, tablesOf } from '../migrations/scripts.ts';
import { readMonths } from '../partitions/rebuild-partitions.ts';
import { readSchemaSettings } from '../schema/settings.ts';
import type { Contents } from './archive.ts';
import { COLUMNS } from './columns.ts';
import { readRows, type Source } from './copy-rows.ts';
import { findFaults } from './find-faults.ts';
import { listForeign } from './foreign-objects.ts';
import type { Fault } from './manifest.ts';
import { functionsOf } from './rebuild-schema.ts';

/** The contents of a database, and what a backup leaves out of it. */
interface Snapshot extends Contents {
  foreign: string[];
}

/**
 * Works on the contents of the configured database, all of one snapshot, which ends with the work. Throws PHASE_NEEDED or
 * SCRIPT_CHANGED (exit 5).
 */
export async function withSnapshot<T>(ctx: Context, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const connection = await ctx.migrationConnection();
  const applied = await appliedSteps(connection.kysely);
  const schema = await schemaOf(connection.kysely);
  const trx = await connection.kysely
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute();
  try {
    return await work(await readContents(ctx, connection, trx, { applied, schema }));
  } catch (error) {
    throw hiddenRows(error);
  } finally {
    await trx
      .rollback()
      .execute()
      .catch(() => {});
  }
}

/** The steps that are applied, whose scripts must be those of this version: a restore runs no others. */
async function appliedSteps(db: Kysely<Database>): Promise<Step[]> {
  const [steps, history] = [await loadSteps(), await readHistory(db)];
  if (history.length === 0)
    throw refused(
      'PHASE_NEEDED',
      'Nothing is rolled out in this database, so there is nothing to back up.',
      'Run: pinnacle migrate up',
    );
  refuseChanged(changesOf(steps, history));
  return steps.filter((step) => history.some((each) => isSameStep(each, step)));
}

async function readContents(
  ctx: Context,
  connection: Connection,
  trx: Kysely<Database>,
  { applied, schema }: { applied: readonly Step[]; schema: string },
): Promise<Snapshot> {
  const { kind } = connection;
  await prepareSession(ctx, kind, trx);
  const names = ['pinnacle_migrations', ...applied.flatMap(tablesOf)];
  // Before the snapshot is taken: what is truncated after it would be missing.
  await sql`LOCK TABLE ${sql.join(names.map((table) => sql.id(schema, table)))} IN ACCESS SHARE MODE`.execute(
    trx,
  );
  const tables = await readColumns(trx, schema, names);
  const history = await readHistory(trx);
  if (history.length !== applied.length)
    throw new Failure('busy', 'ROLLOUT_RUNNING', 'The schema changed while the backup began.', {
      retryable: true,
    });
  const faults = await startFaults(ctx, connection, trx);
  const counts: { rows: number; bytes: number }[] = [];
  async function* rows() {
    for (const source of tables) {
      const count = { rows: 0, bytes: 0 };
      counts.push(count);
      for await (const piece of readRows(kind, trx, source)) {
        count.rows += countLines(piece);
        count.bytes += piece.length;
        yield piece;
      }
    }
  }
  return {
    header: {
      pinnacle_backup: 2,
      created_at: instant(ctx.now()),
      ...(await readFacts(trx)),
      database: await nameOf(ctx, trx),
      kind,
      pinnacle: __VERSION__,
      phase: lastPhase(history),
      scripts: applied.map(({ up }) => ({ name: up.path, sha256: up.sha256 })),
      schema: await readSchemaSettings(trx),
      tables: tables.map(({ table, columns }) => ({ table, columns: [...columns] })),
      sequences: await readSequences(trx, tables),
      partitions: await readMonths(trx),
      access: await readGranted(trx),
      key_ids: (await countUse({ db: trx, ...(await readSchema(trx)) })).flatMap(
        ({ key_id }) => key_id ?? [],
      ),
    },
    foreign: await listForeign(
      trx,
      schema,
      [...functionsOf(applied), ...TEXT_FUNCTIONS],
      (await ctx.config()).schema,
    ),
    rows: rows(),
    counts: async () => ({ tables: counts, faults: await faults() }),
  };
}

/** What reading relies on besides the settings of every session: rows that a policy hides fail the backup. */
async function prepareSession(ctx: Context, kind: Connection['kind'], trx: Kysely<Database>): Promise<void> {
  if (kind === 'embedded') return;
  const { timeoutMs } = await ctx.config();
  // SET, because a SELECT would take the snapshot before the tables are locked.
  await sql`SET LOCAL row_security = off`.execute(trx);
  await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(trx);
  await sql`SET LOCAL lock_timeout = ${sql.lit(timeoutMs)}`.execute(trx);
}

/** The schema that the history of the rollout is in, and so every table of ours. */
async function schemaOf(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<{ schema: string }>`
    SELECT n.nspname AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = 'pinnacle_migrations'::regclass`.execute(db);
  return rows[0]?.schema ?? 'public';
}

async function readColumns(
  trx: Kysely<Database>,
  schema: string,
  tables: readonly string[],
): Promise<Source[]> {
  const { rows } = await sql<{ table: string; names: string[] }>`
    SELECT c.relname AS table, array_agg(a.attname::text) AS names
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = ${schema} AND c.relname = ANY(${tables}::text[]) AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY c.relname`.execute(trx);
  const present = new Map(rows.map(({ table, names }) => [table, names]));
  return tables.map((table) => ({
    schema,
    table,
    columns: (COLUMNS.get(table) ?? []).filter((name) => present.get(table)?.includes(name)),
  }));
}

/** The database; one of several schemas is named as `database.schema`. */
async function nameOf(ctx: Context, trx: Kysely<Database>): Promise<string> {
  const { schema } = await ctx.config();
  return [await currentDatabase(trx), ...(schema ? [schema] : [])].join('.');
}

async function readFacts(trx: Kysely<Database>) {
  const { rows } = await sql<Record<'server' | 'cluster' | 'next_txid', string>>`
    SELECT current_setting('server_version') AS server,
      (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
      pg_snapshot_xmax(pg_current_snapshot())::text AS next_txid`.execute(trx);
  const [facts] = rows;
  if (!facts) throw new Error('the database does not tell what it is');
  return facts;
}

async function readSequences(trx: Kysely<Database>, tables: readonly Source[]) {
  const sequences: { table: string; column: string; last_value: string; is_called: boolean }[] = [];
  for (const { schema, table, columns } of tables) {
    const { rows } = await sql<{ column: string; sequence: string }>`
      SELECT a.attname AS column, s.relname AS sequence FROM pg_attribute a
      JOIN pg_depend d ON d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype = 'i'
        AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
      JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
      WHERE a.attrelid = format('%I.%I', ${schema}::text, ${table}::text)::regclass AND a.attidentity <> ''
        AND a.attname = ANY(${columns}::text[])`.execute(trx);
    for (const { column, sequence } of rows) {
      const { rows: values } = await sql<{ last_value: string; is_called: boolean }>`
        SELECT last_value, is_called FROM ${sql.id(schema, sequence)}`.execute(trx);
      sequences.push({ table, column, ...(values[0] ?? { last_value: '1', is_called: false }) });
    }
  }
  return sequences;
}

/** Starts to look for faults: beside the copying on a server, where one session reads what another checks. */
async function startFaults(
  ctx: Context,
  { kind, kysely }: Connection,
  trx: Kysely<Database>,
): Promise<() => Promise<Fault[]>> {
  const summaries = (found: readonly Fault[]) =>
    found.map(({ check, name, total }) => ({ check, name, total }));
  if (kind === 'embedded') {
    const found = await findFaults(ctx, trx);
    return async () => summaries(found);
  }
  const { rows } = await sql<{ id: string }>`SELECT pg_export_snapshot() AS id`.execute(trx);
  const checking = kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (beside) => {
      await sql`SET TRANSACTION SNAPSHOT ${sql.lit(rows[0]?.id ?? '')}`.execute(beside);
      return findFaults(ctx, beside);
    });
  // It is awaited behind the rows; until then a failure must not be an unhandled rejection.
  checking.catch(() => {});
  return async () => summaries(await checking);
}

/** The server says of hidden rows what it says of a missing right. */
function hiddenRows(error: unknown): unknown {
  // Its message is in the language of the server.
  if (!isPermissionDenied(error) || (error as DatabaseFailure).routine !== 'check_enable_rls') return error;
  return new Failure('forbidden', 'NOT_PERMITTED', 'Row-level security hides rows from the database role.', {
    hint: 'A backup reads everything: give the login BYPASSRLS.',
  });
}
