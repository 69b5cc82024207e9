import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { outputFailure } from '../../util/failure.ts';
import { openAtomic } from '../../util/file.ts';

/** The size in bytes and the SHA-256 of a written file. */
export interface Written {
  bytes: number;
  sha256: string;
}

/**
 * Writes a file atomically, piece by piece, readable by its owner only unless `mode` says otherwise. Throws FILE_EXISTS unless `force`,
 * OUTPUT_FAILED (exit 74).
 */
export async function writeFileWhole(
  path: string,
  force: boolean,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mode?: number,
): Promise<Written> {
  const failed = (error: unknown): never => {
    throw outputFailure(path, error, 'Replace it with --force.');
  };
  const draft = await openAtomic(path, force, mode).catch(failed);
  const hash = createHash('sha256');
  let bytes = 0;
  // One piece is written while the next one is produced.
  let writing: Promise<void> | undefined;
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      bytes += piece.length;
      await writing;
      writing = draft.write(piece).catch(failed);
      writing.catch(() => {});
    }
    await writing;
    await draft.keep().catch(failed);
  } finally {
    await draft.discard();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The pieces, compressed; throws the errors of the source, and asks it for nothing before it is read itself. */
export async function* gzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Errors of the source come out of the compressor, where the pieces are read.
  yield* pipeline(Readable.from(pieces), createGzip({ level: 6 }), () => {});
}
