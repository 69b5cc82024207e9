import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failure, notFound } from '../../util/failure.ts';
import { FileProblem, toFileProblem } from '../../util/file-problem.ts';
import {
  type ArchiveKeys,
  archiveKeys,
  type BackupKey,
  decrypted,
  encrypted,
  fingerprintOf,
} from './cipher.ts';
import { compressed } from './compress.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import {
  type End,
  endMissing,
  type Facts,
  type Header,
  headerSchema,
  parsed,
  type Trailer,
  trailerSchema,
} from './manifest.ts';
import { readOldLines } from './old-archive.ts';

const FOOT = /^(\d{10}) pinnacle-backup-end\n$/;
const FOOT_BYTES = 31;
const BEGINNING = '{"pinnacle_backup":';
const MAX_FIRST_LINE_BYTES = 1_048_576;
const MAX_LINE_BYTES = 16 * 1_048_576;
const CHUNK_BYTES = 262_144;

/** What a database holds as of one moment, as a backup takes it. */
export interface Contents {
  header: Omit<Header, 'encrypted' | 'key'>;
  /** The rows of every table of the header, one table after the other, in the text form of COPY. */
  rows: AsyncIterable<Uint8Array>;
  /** To be asked for when the rows were read. */
  counts: () => Promise<Pick<Trailer, 'tables' | 'faults'>>;
}

/** An archive, piece by piece: a line of JSON, the rows compressed and perhaps encrypted, a line of JSON and its length. */
export async function* archivePieces(
  header: Header,
  { rows, counts }: Pick<Contents, 'rows' | 'counts'>,
  key: BackupKey | undefined,
): AsyncGenerator<Uint8Array> {
  const first = Buffer.from(`${JSON.stringify(header)}\n`);
  const keys = header.key && key ? archiveKeys(key, header.key.salt, first) : undefined;
  const hash = createHash('sha256').update(first);
  let bytes = 0;
  yield first;
  const data = compressed(rows);
  for await (const piece of header.encrypted && keys ? encrypted(data, keys) : data) {
    hash.update(piece);
    bytes += piece.length;
    yield piece;
  }
  const body = { ...(await counts()), bytes, sha256: hash.digest('hex') };
  const last = JSON.stringify({ ...body, mark: keys ? fingerprintOf(keys, JSON.stringify(body)) : null });
  const foot = `${String(Buffer.byteLength(last)).padStart(10, '0')} pinnacle-backup-end\n`;
  yield Buffer.from(`\n${last}\n${foot}`);
}

/** An archive whose two lines can be read, and where its data are. */
export interface Archive extends Facts, End {
  path: string;
  /** The size of the file. */
  size: number;
  firstLine: Buffer;
  /** The last line without its mark, which is the HMAC of this text. */
  lastLine: string;
}

/**
 * Reads the two lines of an archive, which must be a regular file and no link. Throws BACKUP_NOT_FOUND (exit 3),
 * INPUT_FAILED (exit 74), CorruptArchive.
 */
export async function openArchive(path: string): Promise<Archive> {
  const handle = await openRegular(path);
  try {
    const { size } = await handle.stat();
    const firstLine = await readFirstLine(handle);
    const last = await readLastLine(handle, size);
    const first = parsedJson(firstLine.toString('utf8'));
    const lines = linesOf(first, last && parsedJson(last.text));
    if (!last || firstLine.length + lines.end.bytes !== last.start) throw endMissing();
    const { mark, ...body } = JSON.parse(last.text);
    return { path, size, firstLine, lastLine: JSON.stringify(body), ...lines.end, ...lines.facts };
  } finally {
    await handle.close();
  }
}

/** Never waits for the other end of a pipe, and never follows a link. */
async function openRegular(path: string): Promise<FileHandle> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const handle = await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW).catch((error) => {
    throw unreadable(path, error);
  });
  const stats = await handle.stat();
  if (stats.isFile()) return handle;
  await handle.close();
  throw new CorruptArchive('not a file', 'it is no regular file');
}

function unreadable(path: string, error: unknown): unknown {
  const known = toFileProblem(error, 'read');
  if (!(known instanceof FileProblem)) return error;
  if (known.code === 'ENOENT' || known.code === 'ENOTDIR')
    return notFound('backup', path, 'See: pinnacle backup list');
  // A socket and some devices cannot even be opened.
  if (known.code === 'ELOOP') return new CorruptArchive('not a file', 'it is a symbolic link');
  if (known.code === 'ENXIO' || known.code === 'ENODEV')
    return new CorruptArchive('not a file', 'it is no regular file');
  return new Failure('output', 'INPUT_FAILED', `${path} ${known.why}.`);
}

async function readFirstLine(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(MAX_FIRST_LINE_BYTES),
    0,
    MAX_FIRST_LINE_BYTES,
    0,
  );
  const line = buffer.subarray(0, buffer.subarray(0, bytesRead).indexOf(0x0a) + 1);
  if (line.length === 0 && buffer.toString('utf8', 0, BEGINNING.length) === BEGINNING) throw endMissing();
  return line;
}

async function readLastLine(
  handle: FileHandle,
  size: number,
): Promise<{ text: string; start: number } | undefined> {
  const foot = await readAt(handle, size - FOOT_BYTES, FOOT_BYTES);
  const length = Number(FOOT.exec(foot)?.[1]);
  if (!(length <= MAX_LINE_BYTES)) return undefined;
  const start = size - FOOT_BYTES - length - 2;
  const line = await readAt(handle, start, length + 2);
  return line.startsWith('\n') && line.endsWith('\n') ? { text: line.slice(1, -1), start } : undefined;
}

async function readAt(handle: FileHandle, from: number, length: number): Promise<string> {
  if (from < 0) return '';
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
  return buffer.toString('utf8', 0, bytesRead);
}

function linesOf(first: unknown, last: unknown): { facts: Facts; end: End } {
  const format = (first as { pinnacle_backup?: unknown } | undefined)?.pinnacle_backup;
  if (format === 1) return readOldLines(first, last);
  if (format !== 2)
    throw new CorruptArchive('not a backup', 'it does not begin as a backup of this version does');
  const header = parsed(headerSchema, first, 'first');
  const { tables, faults, bytes, sha256, mark } = parsed(trailerSchema, last, 'last');
  if (tables.length !== header.tables.length)
    throw new CorruptArchive('altered', 'its last line is about other tables than its first');
  const counts = header.tables.map(({ table }, i) => ({ table, rows: 0, ...tables[i] }));
  if (new Set(counts.map(({ table }) => table)).size < counts.length)
    throw new CorruptArchive('altered', 'its first line names a table twice');
  const { created_at, database, phase, scripts, cluster, next_txid, key_ids, encrypted, key } = header;
  return {
    facts: {
      ...{
        format,
        created_at,
        database,
        phase,
        scripts,
        cluster,
        next_txid,
        key_ids,
        encrypted,
        key,
        counts,
      },
      manifest: { ...header, faults },
    },
    end: { bytes, sha256, mark },
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The keys of an archive that is authenticated with one of `keys`; undefined if it is with none. Throws CorruptArchive. */
export function keysOf(
  { key, firstLine, lastLine, mark }: Archive,
  keys: readonly BackupKey[],
): ArchiveKeys | undefined {
  const known = key && keys.find(({ id }) => id === key.key_id);
  if (!known) return undefined;
  const own = archiveKeys(known, key.salt, firstLine);
  if (fingerprintOf(own, lastLine) !== mark)
    throw new CorruptArchive('altered', 'its first or last line was altered');
  return own;
}

/**
 * The data of an archive, decrypted and decompressed. Throws CorruptArchive as soon as they are not as they were written,
 * and at their end at the latest.
 */
export async function* readData(archive: Archive, keys: ArchiveKeys | undefined): AsyncGenerator<Buffer> {
  const { path, firstLine, bytes, encrypted } = archive;
  const hash = createHash('sha256').update(firstLine);
  const start = firstLine.length;
  const handle = await openRegular(path);
  async function* hashed() {
    for (let at = 0; at < bytes; ) {
      const length = Math.min(CHUNK_BYTES, bytes - at);
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, start + at);
      if (bytesRead === 0) break;
      at += bytesRead;
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      yield piece;
    }
  }
  const plain = Readable.from(encrypted && keys ? decrypted(hashed(), keys) : hashed());
  try {
    yield* pipeline(plain, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) as AsyncIterable<Buffer>;
  } catch (error) {
    if (/^Z_/.test(String((error as NodeJS.ErrnoException).code)))
      throw new CorruptArchive('altered', 'its data were altered, so that they cannot be decompressed');
    throw error;
  } finally {
    await handle.close();
  }
  if (hash.digest('hex') !== archive.sha256)
    throw new CorruptArchive('altered', 'its bytes are not those that were written: the SHA-256 differs');
}
