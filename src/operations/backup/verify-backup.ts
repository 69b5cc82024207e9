import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { readSchema } from '../../platform/postgres/schema-phase.ts';
import { type Archive, openArchive, readDump } from './archive.ts';
import { locate, recordVerified } from './catalog.ts';
import type { BackupKey } from './cipher.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { readParts } from './dump-parser.ts';
import { loadBackupKeys } from './keys.ts';
import { rowCounter, shortfalls, totalOf } from './row-counts.ts';

/**
 * Reads a whole backup; with `deep` also restores it into a scratch database and verifies that. Stores the result beside the
 * file; `recorded` is false where that was not possible. Throws BACKUP_NOT_FOUND (exit 3).
 */
export async function verifyBackup(ctx: Context, path: string, deep: boolean) {
  const file = await locate(ctx, path);
  const progress = await startProgress(ctx.io, 'verifying the backup');
  const { archive, problems } = await inspect(ctx, file, deep).finally(() => progress.stop());
  const at = instant(ctx.now());
  const [first] = problems;
  // A missing key says nothing about the backup.
  const conclusive = archive !== undefined && problems.every(({ problem }) => problem !== 'key');
  const recorded =
    !conclusive ||
    (await recordVerified(file, {
      at,
      deep,
      sha256: archive.trailer.sha256,
      problem: first?.problem ?? null,
    }));
  return {
    file,
    database: archive?.header.database ?? null,
    created_at: archive?.header.created_at ?? null,
    phase: archive?.header.phase ?? null,
    rows: archive ? totalOf(archive.trailer.rows) : null,
    bytes: archive?.size ?? null,
    encrypted: archive ? archive.header.encryption !== null : null,
    verified_at: first ? null : at,
    problems: problems.map(({ problem, detail }) => ({ problem, detail })),
    recorded,
  };
}

/** The problems of a backup; `archive` is undefined where its first and last line cannot be read. */
interface Inspection {
  archive: Archive | undefined;
  problems: CorruptArchive[];
}

async function inspect(ctx: Context, file: string, deep: boolean): Promise<Inspection> {
  let archive: Archive | undefined;
  try {
    archive = await openArchive(file);
    const keys = archive.header.encryption ? await loadBackupKeys(ctx) : [];
    const problems = await readThrough(ctx, archive, keys);
    if (problems.length === 0 && deep) problems.push(...(await verifyByRestore(ctx, archive, keys)));
    return { archive, problems };
  } catch (error) {
    if (!(error instanceof CorruptArchive)) throw error;
    return { archive, problems: [error] };
  }
}

/** Reads a whole archive and returns which rows are missing. Throws CorruptArchive where it was altered. */
export async function readThrough(
  ctx: Context,
  archive: Archive,
  keys: readonly BackupKey[],
): Promise<CorruptArchive[]> {
  const counter = rowCounter();
  try {
    for await (const part of readParts(readDump(archive, keys))) {
      ctx.signal.throwIfAborted();
      counter.take(part);
    }
  } catch (error) {
    throw error instanceof RangeError ? new CorruptArchive('cut', error.message) : error;
  }
  return shortfalls(archive.trailer.rows, counter.rows);
}

/** Restores a backup into a scratch database and verifies the book and the audit log there. */
async function verifyByRestore(
  ctx: Context,
  archive: Archive,
  keys: readonly BackupKey[],
): Promise<CorruptArchive[]> {
  const [{ openScratchLike }, { loadArchive }, { verifyInvariants }, { verifyLog }] = await Promise.all([
    import('./scratch-database.ts'),
    import('./load-archive.ts'),
    import('../../trading/ledger/verify-invariants.ts'),
    import('../../audit/verify-chain.ts'),
  ]);
  const { signingKeyFile: signingKey } = (await ctx.config()).audit;
  const scratch = await openScratchLike(ctx);
  try {
    await loadArchive(ctx, scratch.connection, archive, keys);
    const db = scratch.connection.kysely;
    const { findings } = await verifyInvariants({ db, ...(await readSchema(db)) }, undefined);
    const broken = findings.filter(({ total }) => total > 0);
    // The anchor holds checkpoints that were signed later, which a backup cannot have.
    const sources = { anchor: undefined, publicKey: undefined, signingKey, uid: ctx.own.uid };
    const { offenders } = await verifyLog(db, sources, () => {});
    return [
      ...broken.map(
        ({ invariant, offenders, total }) =>
          new CorruptArchive(
            'ledger',
            `${invariant.name}: ${offenders[0]?.id} ${offenders[0]?.detail}, ${total} in all`,
          ),
      ),
      ...offenders
        .slice(0, 100)
        .map(
          ({ problem, id, detail }) => new CorruptArchive('audit log', `entry ${id} ${problem}: ${detail}`),
        ),
    ];
  } finally {
    await scratch.drop();
  }
}
