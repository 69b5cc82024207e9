import { rename, rm } from 'node:fs/promises';
import { type Kysely, sql } from 'kysely';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { lockFile } from '../../platform/files/lock-file.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { openFresh, restoredFolder, takeRestored } from '../../platform/postgres/embedded.ts';
import { currentDatabase } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { targetSchema } from '../../platform/postgres/target-schema.ts';
import type { CodeOf } from '../../util/error-codes.ts';
import { Failure } from '../../util/failure.ts';
import { confirmationName } from '../migrations/confirm-loss.ts';
import { openArchive } from './archive.ts';
import { authenticate } from './authenticate.ts';
import { locate } from './catalog.ts';
import { CorruptArchive, type Problem } from './corrupt-archive.ts';
import { loadAllKeys } from './keys.ts';
import { type Loadable, loadArchive, toLoadable } from './load-archive.ts';
import { refuseUnknownOrigin } from './refuse-origin.ts';
import { totalOf } from './row-counts.ts';
import { openServerScratch } from './scratch-database.ts';
import { assertOwner, assertUnused, datedName, setSchemaAside, swapDatabases } from './swap-database.ts';
import { readThrough } from './verify-backup.ts';

/** Where the previous database is kept, null where there was none, and which statements were skipped. */
interface Outcome {
  kept: string | null;
  skipped: string[];
}

/**
 * Restores a backup into the configured database; `trust` is the operator's word for one of unknown origin. `keyIds` are those of
 * the key ring that its credentials need; `redis` tells whether a projection is to be rebuilt. Throws BACKUP_NOT_FOUND (exit 3),
 * BACKUP_UNTRUSTED (exit 5), BACKUP_DAMAGED, BACKUP_KEY_UNKNOWN, BACKUP_NOT_AUTHENTICATED (exit 11).
 */
export async function restoreBackup(ctx: Context, path: string, trust: boolean) {
  const file = await locate(ctx, path);
  const progress = await startProgress(ctx.io, 'restoring');
  try {
    const archive = await openArchive(file);
    const keys = authenticate(archive, await loadAllKeys(ctx));
    const loadable = await toLoadable(archive, keys);
    const target = await ctx.migrationConnection();
    if (!keys && !trust) await refuseUnknownOrigin(target, file);
    const database = await currentDatabase(target.kysely);
    const { created_at, phase, counts, key_ids } = archive;
    const outcome = await restoreInto(ctx, target, database, loadable);
    return {
      database,
      created_at,
      phase,
      rows: totalOf(counts),
      keyIds: key_ids,
      redis: Boolean((await ctx.config()).redis),
      ...outcome,
    };
  } catch (error) {
    throw error instanceof CorruptArchive ? corruptBackup(file, error) : error;
  } finally {
    progress.stop();
  }
}

async function restoreInto(
  ctx: Context,
  target: Connection,
  database: string,
  source: Loadable,
): Promise<Outcome> {
  const schema = await targetSchema(target.kysely);
  // A schema that is configured by name may stand beside others, which a restore leaves alone.
  const isDesk = (await ctx.config()).schema !== undefined;
  const empty = await isEmpty(target.kysely, isDesk ? schema : undefined);
  if (!empty) {
    const session = { connection: target, db: target.kysely };
    await ctx.confirmByName(
      isDesk ? schema : await confirmationName(ctx, session),
      `The backup of ${source.archive.database} replaces everything in this ${isDesk ? `database's schema ${schema}` : 'database'}.`,
    );
    if (target.kind === 'server' && !isDesk) {
      await assertOwner(target.kysely, database);
      await assertUnused(target.kysely, database);
    }
  }
  // Reading takes a tenth of the time of loading, which checks again.
  const [damage] = await readThrough(ctx, source.archive, source.keys);
  if (damage) throw damage;
  if (empty) return { kept: null, skipped: await loadArchive(ctx, target, schema, source) };
  if (isDesk) return replaceSchema(ctx, target, schema, source);
  return target.kind === 'server'
    ? replaceServer(ctx, target, { database, schema }, source)
    : replaceFolder(ctx, target, source);
}

/** Whether a database, or one schema of it, has no table, type or function of anybody's. */
async function isEmpty(db: Kysely<Database>, schema: string | undefined): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    SELECT EXISTS (
      SELECT FROM (
        SELECT 'pg_class'::regclass AS class, oid, relnamespace AS schema FROM pg_class
        UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
      ) o JOIN pg_namespace n ON n.oid = o.schema
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND n.nspname = coalesce(${schema ?? null}, n.nspname) AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
    ) AS found`.execute(db);
  return rows[0]?.found === false;
}

/** One transaction: the current schema gets a dated name, and the backup is loaded under its own. */
async function replaceSchema(
  ctx: Context,
  target: Connection,
  schema: string,
  source: Loadable,
): Promise<Outcome> {
  const before = datedName(schema, ctx.now());
  const setAside = (trx: Kysely<Database>) => setSchemaAside(trx, schema, before);
  const skipped = await loadArchive(ctx, target, schema, source, setAside);
  return { kept: ctx.dryRun ? null : before, skipped };
}

async function replaceServer(
  ctx: Context,
  target: Connection,
  { database, schema }: { database: string; schema: string },
  source: Loadable,
): Promise<Outcome> {
  const server = await ctx.server();
  if (!server) throw new Error('there is no server');
  const scratch = await openServerScratch(ctx, server, database);
  try {
    const skipped = await loadArchive(ctx, scratch.connection, schema, source);
    if (ctx.dryRun) return { kept: null, skipped };
    // A database can be renamed only while nobody is connected to it, including this process.
    await Promise.all([target.close(), scratch.connection.close()]);
    return { kept: await swapDatabases(ctx, scratch, database, skipped), skipped };
  } finally {
    // After the swap no database has that name.
    await scratch.drop();
  }
}

async function replaceFolder(ctx: Context, target: Connection, source: Loadable): Promise<Outcome> {
  const { dataDir, timeoutMs } = await ctx.config();
  const fresh = `${dataDir}.restoring`;
  let skipped: string[];
  const connection = await openFresh(fresh, ctx.cacheDir);
  try {
    skipped = await loadArchive(ctx, connection, 'public', source);
  } catch (error) {
    await connection.close();
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  await connection.close();
  if (ctx.dryRun) {
    await rm(fresh, { recursive: true, force: true });
    return { kept: null, skipped };
  }
  await target.close();
  const lock = { pid: ctx.own.pid, command: ctx.origin.command, timeoutMs, signal: ctx.signal };
  const release = await lockFile(`${dataDir}.lock`, `The embedded database ${dataDir}`, lock);
  try {
    // From here on it is the database: whoever opens the folder next completes the swap.
    await rename(fresh, restoredFolder(dataDir, timestamp(ctx)));
    return { kept: (await takeRestored(dataDir)) ?? null, skipped };
  } finally {
    await release();
  }
}

const timestamp = (ctx: Context) => ctx.now().toISOString().slice(0, 19).replace(/[-:]/g, '');

function corruptBackup(file: string, { problem, detail }: CorruptArchive): Failure {
  const { code, help } = REFUSALS[problem] ?? DAMAGED;
  return new Failure('integrity', code, `The backup ${file} cannot be restored: ${detail}.`, {
    hint: `Nothing changed. ${help}`,
  });
}

type Refusal = { code: CodeOf<'integrity'>; help: string };
const DAMAGED: Refusal = { code: 'BACKUP_DAMAGED', help: 'Look for another backup: pinnacle backup list' };
const REFUSALS: Partial<Record<Problem, Refusal>> = {
  key: { code: 'BACKUP_KEY_UNKNOWN', help: 'Add that key to the file of backup.keyFile.' },
  scripts: { code: 'BACKUP_DAMAGED', help: 'Use the version of pinnacle that made it.' },
  'not authenticated': {
    code: 'BACKUP_NOT_AUTHENTICATED',
    help: 'If you know where it comes from, run this without a key (PINNACLE_BACKUP_KEY_FILE=) and with --trust.',
  },
};
