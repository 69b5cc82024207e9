import type { Context } from '../../context.ts';
import { type Archive, openArchive, readDump } from './archive.ts';
import type { BackupKey } from './cipher.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { readParts } from './dump-parser.ts';
import { loadBackupKeys } from './keys.ts';
import { rowCounter, shortfalls } from './row-counts.ts';

/** What was found of a backup; `archive` is undefined where not even its two lines can be read. */
interface Inspection {
  archive: Archive | undefined;
  problems: CorruptArchive[];
}

/** Reads all of a backup; with `deep` restores what is whole so far, and proves it. */
export async function verifyArchive(ctx: Context, file: string, deep: boolean): Promise<Inspection> {
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

/** Reads all of an archive, and gives which rows are not there. Throws Damage where it is not as it was written. */
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

/** Restores a backup where nobody sees it, and asks the book and the audit log there. */
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
    const { findings } = await verifyInvariants(db, archive.header.phase, undefined);
    const broken = findings.filter(({ total }) => total > 0);
    // The anchor has what was signed since, which a backup cannot have.
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
