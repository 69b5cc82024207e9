import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { writeFileWhole } from '../../platform/files/write-file.ts';
import { outputFailure } from '../../util/failure.ts';
import { toFileProblem } from '../../util/file-problem.ts';
import { archivePieces } from './archive.ts';
import { ARCHIVE_SUFFIX } from './catalog.ts';
import { newSalt, withDump } from './dump.ts';
import { encryptingKey } from './keys.ts';
import { totalOf } from './row-counts.ts';

interface CreateOptions {
  /** The file to write; one with a dated name in the backup folder when undefined. */
  output: string | undefined;
  encrypt: boolean;
}

/** Backs the configured database up into one file, as of one snapshot. A dry run writes nothing. Throws OUTPUT_FAILED (exit 74). */
export async function createBackup(ctx: Context, { output, encrypt }: CreateOptions) {
  const key = encrypt ? await encryptingKey(ctx) : undefined;
  const { dir } = (await ctx.config()).backup;
  return withDump(ctx, async ({ header: facts, text, rows }) => {
    const header = { ...facts, encryption: key ? { key_id: key.id, salt: newSalt() } : null };
    const { database, created_at, phase } = header;
    const name = `${database.replace(/[^\w.-]/g, '_')}-${created_at.replace(/[-:.]/g, '')}${ARCHIVE_SUFFIX}`;
    const file = output === undefined ? join(dir, name) : resolve(ctx.cwd, output);
    if (ctx.dryRun) return { file, database, created_at, phase, encrypted: encrypt };
    if (output === undefined)
      await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error) => {
        throw outputFailure(dir, toFileProblem(error, 'written'), '');
      });
    const written = await writeArchive(ctx, file, archivePieces(header, text, rows, key));
    return {
      file,
      database,
      created_at,
      phase,
      rows: totalOf(await rows()),
      encrypted: encrypt,
      ...written,
    };
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
