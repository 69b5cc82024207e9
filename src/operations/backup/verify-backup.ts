import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { type Archive, openArchive } from './archive.ts';
import { authenticate } from './authenticate.ts';
import { locate, recordVerified } from './catalog.ts';
import type { ArchiveKeys } from './cipher.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { loadAllKeys } from './keys.ts';
import type { Fault } from './manifest.ts';
import { readTables } from './read-tables.ts';
import { rowCounter, shortfalls, totalOf } from './row-counts.ts';

interface VerifyOptions {
  /** Whether to restore it, too. */
  deep: boolean;
  /** Whether the operator vouches for a backup of unknown origin. */
  trust: boolean;
}

/**
 * Reads a whole backup; with `deep` also restores it into a scratch database and verifies that. `faults` are those of the book
 * itself, which the backup records: it is faithful in spite of them. Stores the result beside the file; `recorded` is false where
 * that was not possible. Throws BACKUP_NOT_FOUND (exit 3), BACKUP_UNTRUSTED (exit 5).
 */
export async function verifyBackup(ctx: Context, path: string, options: VerifyOptions) {
  const file = await locate(ctx, path);
  const progress = await startProgress(ctx.io, 'verifying the backup');
  const { archive, keys, problems, faults } = await inspect(ctx, file, options).finally(() =>
    progress.stop(),
  );
  const at = instant(ctx.now());
  const [first] = problems;
  // A missing key says nothing about the backup.
  const conclusive = archive !== undefined && problems.every(({ problem }) => problem !== 'key');
  const result = { at, deep: options.deep, sha256: archive?.sha256 ?? '', problem: first?.problem ?? null };
  return {
    file,
    database: archive?.database ?? null,
    created_at: archive?.created_at ?? null,
    phase: archive?.phase ?? null,
    rows: archive ? totalOf(archive.counts) : null,
    bytes: archive?.size ?? null,
    encrypted: archive?.encrypted ?? null,
    verified_at: first ? null : at,
    problems: problems.map(({ problem, detail }) => ({ problem, detail })),
    faults,
    recorded: !conclusive || (await recordVerified(file, result, keys)),
  };
}

/** The problems of a backup; `archive` is undefined where its first and last line cannot be read. */
interface Inspection {
  archive: Archive | undefined;
  keys: ArchiveKeys | undefined;
  problems: CorruptArchive[];
  faults: readonly Fault[];
}

async function inspect(ctx: Context, file: string, { deep, trust }: VerifyOptions): Promise<Inspection> {
  let archive: Archive | undefined;
  let keys: ArchiveKeys | undefined;
  try {
    archive = await openArchive(file);
    keys = authenticate(archive, await loadAllKeys(ctx));
    const faults = archive.manifest?.faults ?? [];
    const problems = await readThrough(ctx, archive, keys);
    if (problems.length === 0 && deep) problems.push(...(await verifyByRestore(ctx, archive, keys, trust)));
    return { archive, keys, problems, faults };
  } catch (error) {
    if (!(error instanceof CorruptArchive)) throw error;
    return { archive, keys, problems: [error], faults: [] };
  }
}

/** Reads a whole archive and returns which rows are missing. Throws CorruptArchive where it was altered. */
export async function readThrough(
  ctx: Context,
  archive: Archive,
  keys: ArchiveKeys | undefined,
): Promise<CorruptArchive[]> {
  const counter = rowCounter();
  for await (const part of readTables(archive, keys)) {
    ctx.signal.throwIfAborted();
    counter.take(part);
  }
  return shortfalls(archive.counts, counter.rows);
}

/** Restores a backup into a scratch database: is it faithful, and is nothing wrong with it that was not wrong before? */
async function verifyByRestore(
  ctx: Context,
  archive: Archive,
  keys: ArchiveKeys | undefined,
  trust: boolean,
): Promise<CorruptArchive[]> {
  const [{ openScratchLike }, { loadArchive, toLoadable }, { findFaults }, { refuseUnknownOrigin }] =
    await Promise.all([
      import('./scratch-database.ts'),
      import('./load-archive.ts'),
      import('./find-faults.ts'),
      import('./refuse-origin.ts'),
    ]);
  const loadable = await toLoadable(archive, keys);
  if (!keys && !trust) await refuseUnknownOrigin(await ctx.migrationConnection(), archive.path);
  const { connection, schema, drop } = await openScratchLike(ctx);
  try {
    await loadArchive(ctx, connection, schema, loadable);
    const found = await connection.kysely
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) => findFaults(ctx, trx));
    return found
      .filter((fault) => !wasKnown(archive.manifest?.faults ?? [], fault))
      .map(
        ({ check, name, total, detail }) => new CorruptArchive(check, `${name}: ${detail}, ${total} in all`),
      );
  } finally {
    await drop();
  }
}

/** Whether the book had this fault already when it was backed up, and as often. */
const wasKnown = (known: readonly Fault[], { check, name, total }: Fault) =>
  known.some((fault) => fault.check === check && fault.name === name && fault.total >= total);
