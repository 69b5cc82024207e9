import { CompiledQuery, type Kysely, sql } from 'kysely';
import { commit } from '../../audit/change.ts';
import { writeAudit } from '../../audit/log.ts';
import { sealAll } from '../../audit/seal-store.ts';
import type { Context } from '../../context.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { splitStatements } from '../migrations/split-statements.ts';
import { type Archive, readDump } from './archive.ts';
import type { BackupKey } from './cipher.ts';
import { copyByUnnest } from './copy-by-unnest.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { type Copying, type CopyTarget, type Part, readParts } from './dump-parser.ts';
import { runOptional } from './optional-statement.ts';
import { rowCounter, shortfalls, totalOf } from './row-counts.ts';

/**
 * Fills an empty database from an archive in one transaction, which is also an audited change: every row was written by
 * it. Throws Damage, and commits nothing, where the archive is not as it was written. With `dryRun` it is rolled back.
 * Gives what it had to leave out: rights of roles that are not here.
 */
export async function loadArchive(
  ctx: Context,
  connection: Connection,
  archive: Archive,
  keys: readonly BackupKey[],
): Promise<string[]> {
  const { kysely } = connection;
  await passTransactions(kysely, archive);
  const trx = await kysely.startTransaction().execute();
  const skipped: string[] = [];
  let txid: string;
  try {
    const { rows } = await sql<{ path: string }>`SELECT current_setting('search_path') AS path`.execute(trx);
    const early: string[] = [];
    await runDump(ctx, connection, trx, readDump(archive, keys), archive, early);
    // Whom a table is given to must have a right to its schema first, and rights come last in a dump.
    for (const statement of early) if (!(await runOptional(trx, statement))) skipped.push(statement);
    await sql`SELECT set_config('search_path', ${rows[0]?.path ?? 'public'}, false)`.execute(trx);
    txid = await writeAudit(trx, ctx.origin, {
      target: 'database',
      body: {
        backup: archive.header.created_at,
        from: archive.header.database,
        rows: totalOf(archive.trailer.rows),
        sha256: archive.trailer.sha256,
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
  else await commit(connection, () => trx.commit().execute(), txid);
  if (!ctx.dryRun) await resetSequences(kysely);
  return skipped;
}

/** Runs the SQL of a dump, and copies its rows. */
async function runDump(
  ctx: Context,
  connection: Connection,
  trx: Kysely<Database>,
  dump: AsyncIterable<Uint8Array>,
  archive: Archive,
  skipped: string[],
): Promise<void> {
  const counter = rowCounter();
  const begin = connection.kind === 'server' ? copyByServer : copyByUnnest;
  let copying: Copying | undefined;
  const take = async (part: Part) => {
    if ('copy' in part) copying = await begin(trx, part.copy);
    else if ('rows' in part) await copying?.write(part.rows);
    else if ('sql' in part) await runStatements(trx, part.sql, skipped);
    else {
      await copying?.end();
      copying = undefined;
    }
  };
  try {
    for await (const part of readParts(dump)) {
      ctx.signal.throwIfAborted();
      counter.take(part);
      await take(part);
    }
  } catch (error) {
    await copying?.abort();
    throw error instanceof RangeError ? new CorruptArchive('cut', error.message) : error;
  }
  const [missing] = shortfalls(archive.trailer.rows, counter.rows);
  if (missing) throw missing;
}

async function copyByServer(trx: Kysely<Database>, { table, columns }: CopyTarget): Promise<Copying> {
  const { copyIn } = await import('../../platform/postgres/copy.ts');
  return copyIn(trx, `COPY ${table} (${columns}) FROM STDIN`);
}

/** What another server may not have: settings of a newer version, roles, and rights to give. */
const OPTIONAL =
  /^(SET |GRANT |REVOKE |ALTER DEFAULT PRIVILEGES |ALTER .* OWNER TO |COMMENT ON (EXTENSION|SCHEMA) )/s;

async function runStatements(trx: Kysely<Database>, text: string, skipped: string[]): Promise<void> {
  for (const { sql } of splitStatements(text))
    if (!OPTIONAL.test(sql)) await execute(trx, sql);
    else if (!(await runOptional(trx, sql)) && !sql.startsWith('SET ')) skipped.push(sql);
}

/**
 * The rows name the transactions that wrote them. A cluster that is a copy of theirs, as every embedded one is, must not
 * give those ids a second time: it goes on behind them.
 */
async function passTransactions(db: Kysely<Database>, { header }: Archive): Promise<void> {
  const { rows } = await sql<{ missing: string }>`
    SELECT ${header.next_txid}::xid8::text::bigint - pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS missing
    FROM pg_control_system() WHERE system_identifier::text = ${header.cluster}`.execute(db);
  const missing = Number(rows[0]?.missing ?? 0);
  if (missing <= 0) return;
  const text = `DO $$ BEGIN FOR i IN 1..${missing} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`;
  await db.executeQuery(CompiledQuery.raw(text));
}

/** Seals the log as it is now, and tells the planner of the rows. */
async function resetSequences(db: Kysely<Database>): Promise<void> {
  while ((await sealAll(db, 10_000)) > 0);
  await execute(db, 'ANALYZE');
}
