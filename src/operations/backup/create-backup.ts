import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { writeFileWhole } from '../../platform/files/write-file.ts';
import { outputFailure } from '../../util/failure.ts';
import { toFileProblem } from '../../util/file-problem.ts';
import { archivePieces } from './archive.ts';
import { ARCHIVE_SUFFIX } from './catalog.ts';
import { writingKey } from './keys.ts';
import { withSnapshot } from './snapshot.ts';

interface CreateOptions {
  /** The file to write; one with a dated name in the backup folder when undefined. */
  output: string | undefined;
  encrypt: boolean;
}

const SALT_BYTES = 32;

/**
 * Backs the configured database up into one file, as of one snapshot. `foreign` is what it leaves out, `faults` how many checks of
 * the book and the log found something. A dry run writes nothing. Throws OUTPUT_FAILED (exit 74).
 */
export async function createBackup(ctx: Context, { output, encrypt }: CreateOptions) {
  const key = await writingKey(ctx, encrypt);
  const { dir } = (await ctx.config()).backup;
  return withSnapshot(ctx, async ({ foreign, ...contents }) => {
    const salt = randomBytes(SALT_BYTES).toString('hex');
    const header = { ...contents.header, encrypted: encrypt, key: key ? { key_id: key.id, salt } : null };
    const { database, created_at, phase } = header;
    const name = `${database.replace(/[^\w.-]/g, '_')}-${created_at.replace(/[-:.]/g, '')}${ARCHIVE_SUFFIX}`;
    const file = output === undefined ? join(dir, name) : resolve(ctx.cwd, output);
    const known = { file, database, created_at, phase, encrypted: encrypt, foreign };
    if (ctx.dryRun) return known;
    if (output === undefined)
      await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error) => {
        throw outputFailure(dir, toFileProblem(error, 'written'), '');
      });
    const written = await writeArchive(ctx, file, archivePieces(header, contents, key));
    const { tables, faults } = await contents.counts();
    const rows = tables.reduce((sum, { rows }) => sum + rows, 0);
    return { ...known, rows, faults: faults.length, ...written };
  });
}

async function writeArchive(ctx: Context, file: string, pieces: AsyncIterable<Uint8Array>) {
  const progress = await startProgress(ctx.io, 'backing up');
  async function* reported() {
    let bytes = 0;
    for await (const piece of pieces) {
      ctx.signal.throwIfAborted();
      bytes += piece.length;
      progress.update(`backing up: ${(bytes / 1e6).toFixed(0)} MB`);
      yield piece;
    }
  }
  return writeFileWhole(file, false, reported()).finally(() => progress.stop());
}
