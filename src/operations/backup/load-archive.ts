import { CompiledQuery, type Kysely, sql } from 'kysely';
import { commit } from '../../audit/change.ts';
import { writeAudit } from '../../audit/log.ts';
import { sealAll } from '../../audit/seal-store.ts';
import type { Context } from '../../context.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import type { DatabaseFailure } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { refuseOldServer } from '../../platform/postgres/refuse-old-server.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { enterSchema } from '../../platform/postgres/target-schema.ts';
import { Failure } from '../../util/failure.ts';
import { diffGrants, GRANTABLE, type Granted, planGranted } from '../access/diff-grants.ts';
import { changesOf, readHistory } from '../migrations/history.ts';
import { useNaming } from '../migrations/name-types.ts';
import { type Step, tablesOf } from '../migrations/scripts.ts';
import { readNaming } from '../migrations/type-names.ts';
import { areContiguous, rebuildPartitions } from '../partitions/rebuild-partitions.ts';
import type { Archive } from './archive.ts';
import type { ArchiveKeys } from './cipher.ts';
import { COLUMNS, type TableColumns } from './columns.ts';
import { type Comparison, compareRows } from './compare-rows.ts';
import { type Loading, loadRows } from './copy-rows.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { runOptional } from './optional-statement.ts';
import { readTables, refuseStrange } from './read-tables.ts';
import { postponeChecks, rebuildSchema, scriptsFor } from './rebuild-schema.ts';
import { totalOf } from './row-counts.ts';

/** The most transactions that a cluster catches up with: a file must not keep it busy for ever. */
const MAX_MISSING_TRANSACTIONS = 10_000_000;

/** An archive, the keys it is authentic with, and the scripts that its schema is rebuilt by. */
export interface Loadable {
  archive: Archive;
  keys: ArchiveKeys | undefined;
  steps: readonly Step[];
}

/** An archive that can be loaded. Throws CorruptArchive for everything in its two lines that no database of ours would have. */
export async function toLoadable(archive: Archive, keys: ArchiveKeys | undefined): Promise<Loadable> {
  const { scripts, phase, manifest } = archive;
  const steps = await scriptsFor(archive);
  if (steps.length !== scripts.length || steps.at(-1)?.phase !== phase)
    throw new CorruptArchive('altered', 'its scripts are not those of its phase');
  if (!manifest) return { archive, keys, steps };
  const expected = ['pinnacle_migrations', ...steps.flatMap(tablesOf)];
  for (const table of manifest.tables) refuseStrange(table);
  const missing = expected.find((name) => !manifest.tables.some(({ table }) => table === name));
  const extra = manifest.tables.find(({ table }) => !expected.includes(table));
  if (missing) throw new CorruptArchive('missing table', `table ${missing} is missing`);
  if (extra) throw new CorruptArchive('altered', `table ${extra.table} is none of its phase`);
  if (!areContiguous(manifest.partitions ?? []))
    throw new CorruptArchive('altered', 'its partitions do not follow each other');
  for (const { table, column } of manifest.sequences) refuseStrange({ table, columns: [column] });
  return { archive, keys, steps };
}

/**
 * Fills an empty database from an archive in one transaction, which is also an audited change: every row was written by it. The
 * schema comes from our scripts, names from our own list, and the file gives nothing but values. Throws CorruptArchive, and commits
 * nothing, where the archive is not as it was written, or the rows read again are not its own. With `dryRun` it is rolled
 * back. `makeRoom` is what comes first in the transaction. Gives what it had to leave out: rights of roles that are not here.
 */
export async function loadArchive(
  ctx: Context,
  connection: Connection,
  schema: string,
  loadable: Loadable,
  makeRoom?: (trx: Kysely<Database>) => Promise<void>,
): Promise<string[]> {
  const { kysely } = connection;
  const { archive } = loadable;
  await refuseOldServer(kysely);
  await passTransactions(kysely, archive);
  const trx = await kysely.startTransaction().execute();
  let skipped: string[];
  let txid: string;
  try {
    await makeRoom?.(trx);
    await enterSchema(trx, schema);
    skipped = await fill(ctx, connection, trx, schema, loadable);
    txid = await writeAudit(trx, ctx.origin, {
      target: 'database',
      body: {
        backup: archive.created_at,
        from: archive.database,
        rows: totalOf(archive.counts),
        sha256: archive.sha256,
      },
    });
    ctx.signal.throwIfAborted();
  } catch (error) {
    await trx
      .rollback()
      .execute()
      .catch(() => {});
    throw error;
  }
  if (ctx.dryRun) await trx.rollback().execute();
  else {
    await commit(connection, () => trx.commit().execute(), txid);
    await sealAndAnalyze(kysely);
  }
  return skipped;
}

async function fill(
  ctx: Context,
  connection: Connection,
  trx: Kysely<Database>,
  schema: string,
  loadable: Loadable,
): Promise<string[]> {
  const { archive, steps } = loadable;
  // Format 1 wrote some values in another form than COPY gives them back.
  const comparison = archive.manifest && compareRows(connection.kind, schema);
  await rebuildSchema(trx, steps, archive.manifest?.schema);
  if (archive.manifest?.partitions) await rebuildPartitions(trx, archive.manifest.partitions);
  const postponed = await postponeChecks(trx, schema);
  const loaded = await loadTables(ctx, connection, trx, schema, loadable, comparison);
  for (const { table, rows } of archive.counts)
    if (loaded.get(table) !== rows)
      throw new CorruptArchive(
        'rows differ',
        `table ${table} has ${loaded.get(table) ?? 0} rows, should have ${rows}`,
      );
  await refusing('the rows', async () => {
    for (const statement of postponed) await execute(trx, statement);
  });
  await setSequences(trx, archive);
  const history = await readHistory(trx);
  // A way back that was reworded since makes no other schema; migrate verify tells of it.
  const changes = changesOf(steps, history).filter(({ part }) => part !== 'down');
  if (history.length !== steps.length || changes.length > 0)
    throw new CorruptArchive('altered', 'its history of the rollout is not that of its schema');
  await comparison?.compare(trx);
  const unnamed = await nameTypes(trx);
  return [...unnamed, ...(archive.manifest ? await giveRights(trx, archive.manifest.access) : [])];
}

/** Names the types as the settings that were loaded say, unless they are not to be read: those are left out, and told of. */
async function nameTypes(trx: Kysely<Database>): Promise<string[]> {
  try {
    const naming = await readNaming(trx);
    if (naming) await useNaming(trx, naming);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [`the names of the types. ${error.message}`];
  }
}

/** Gives the rights that a role of ours can have; returns the others, and the statements that this login may not run. */
async function giveRights(trx: Kysely<Database>, granted: Granted): Promise<string[]> {
  const skipped = granted.rights
    .filter((right) => !GRANTABLE.has(right))
    .map((right) => `the right ${right}`);
  const statements = await planGranted(trx, granted);
  const refused: string[] = [];
  for (const statement of statements) if (!(await runOptional(trx, statement))) refused.push(statement);
  // PostgreSQL only warns where a login grants or revokes a right that is not its own to pass on.
  const left = new Set((await diffGrants(trx)).map(({ sql }) => sql));
  const ignored = statements.filter((statement) => left.has(statement) && !refused.includes(statement));
  return [...skipped, ...refused, ...ignored];
}

/** Copies the rows of every table; returns how many each took. */
async function loadTables(
  ctx: Context,
  { kind }: Connection,
  trx: Kysely<Database>,
  schema: string,
  { archive, keys }: Loadable,
  comparison: Comparison | undefined,
): Promise<Map<string, number>> {
  const loaded = new Map<string, number>();
  let current: { table: string; loading: Loading } | undefined;
  const finish = async () => {
    if (!current) return;
    const { table, loading } = current;
    current = undefined;
    const rows = await refusing(`table ${table}`, () => loading.end());
    loaded.set(table, (loaded.get(table) ?? 0) + rows);
  };
  const present = await presentColumns(trx, schema);
  const begin = async ({ table, columns }: TableColumns) => {
    await finish();
    const absent = columns.find((name) => !present.has(`${table}.${name}`));
    if (absent !== undefined)
      throw new CorruptArchive('altered', `table ${table} has no column ${absent} at its phase`);
    current = { table, loading: await loadRows(kind, trx, { schema, table, columns }) };
  };
  try {
    for await (const part of readTables(archive, keys)) {
      ctx.signal.throwIfAborted();
      comparison?.take(part);
      if ('columns' in part) await begin(part);
      else if (current) {
        const { table, loading } = current;
        await refusing(`table ${table}`, () => loading.write(part.rows));
      }
    }
    await finish();
  } catch (error) {
    await current?.loading.abort();
    throw error;
  }
  return loaded;
}

/** The columns of a schema, as `table.column`. */
async function presentColumns(trx: Kysely<Database>, schema: string): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.relname || '.' || a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = ${schema})
      AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`.execute(trx);
  return new Set(rows.map(({ name }) => name));
}

/** Data that the database does not take are damage of the archive; of the answer only the SQLSTATE and names are reported. */
async function refusing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = '', constraint, table } = error as DatabaseFailure;
    if (!/^2[23]/.test(code) && code !== '54000') throw error;
    const where = [table && `table ${table}`, constraint && `constraint ${constraint}`, `SQLSTATE ${code}`];
    throw new CorruptArchive(
      'rows refused',
      `the database refuses ${what === 'the rows' ? what : `rows of ${what}`} (${where.filter(Boolean).join(', ')})`,
    );
  }
}

/** Identity columns go on where they stood; those of format 1 behind their last row. */
async function setSequences(trx: Kysely<Database>, { manifest }: Archive): Promise<void> {
  const { rows } = await sql<{ table: string; column: string; sequence: string }>`
    SELECT c.relname AS table, a.attname AS column, pg_get_serial_sequence(quote_ident(c.relname), a.attname) AS sequence
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(${[...COLUMNS.keys()]})
      AND a.attidentity <> ''`.execute(trx);
  for (const { table, column, sequence } of rows) {
    const { rows: last } = await sql<{ last: string | null }>`
      SELECT max(${sql.id(column)})::text AS last FROM ${sql.id(table)}`.execute(trx);
    const highest = last[0]?.last ?? null;
    const recorded = manifest?.sequences.find((each) => each.table === table && each.column === column);
    const value = recorded ?? { last_value: highest ?? '1', is_called: highest !== null };
    if (highest !== null && (!value.is_called || BigInt(value.last_value) < BigInt(highest)))
      throw new CorruptArchive('altered', `the sequence of ${table}.${column} stands before its last row`);
    await refusing(`table ${table}`, () =>
      sql`SELECT setval(${sequence}::regclass, ${value.last_value}::bigint, ${value.is_called})`.execute(trx),
    );
  }
}

/**
 * The rows name the transactions that wrote them. A cluster that is a copy of theirs, as every embedded one is, must not
 * give those ids a second time: it goes on behind them.
 */
async function passTransactions(db: Kysely<Database>, { next_txid, cluster }: Archive): Promise<void> {
  const { rows } = await sql<{ missing: string }>`
    SELECT ${next_txid}::numeric - pg_snapshot_xmax(pg_current_snapshot())::text::numeric AS missing
    FROM pg_control_system() WHERE system_identifier::text = ${cluster}`.execute(db);
  const missing = Number(rows[0]?.missing ?? 0);
  if (missing <= 0) return;
  if (missing > MAX_MISSING_TRANSACTIONS)
    throw new CorruptArchive(
      'altered',
      `its next transaction ${next_txid} is beyond any that this cluster reached`,
    );
  const text = `DO $$ BEGIN FOR i IN 1..${missing} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`;
  await db.executeQuery(CompiledQuery.raw(text));
}

/** Seals the log as it is now, and tells the planner of the rows. */
async function sealAndAnalyze(db: Kysely<Database>): Promise<void> {
  while ((await sealAll(db, 10_000)) > 0);
  await execute(db, 'ANALYZE');
}
