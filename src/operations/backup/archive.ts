import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import * as z from 'zod/mini';
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
import type { Rows } from './row-counts.ts';

const headerSchema = z.object({
  pinnacle_backup: z.literal(1),
  /** UTC. */
  created_at: z.string(),
  database: z.string(),
  kind: z.enum(['server', 'embedded']),
  /** Of PostgreSQL, and of this program. */
  server: z.string(),
  pinnacle: z.string(),
  phase: z.number(),
  scripts: z.array(
    z.object({
      phase: z.number(),
      /** Missing where a phase was a single script. */
      step: z._default(z.number(), 1),
      name: z.string(),
      up_sha256: z.string(),
      down_sha256: z.string(),
    }),
  ),
  /** Whose transaction ids the rows name, and the first that was not begun yet. */
  cluster: z.string(),
  next_txid: z.string(),
  /** The keys that broker credentials are encrypted with. */
  key_ids: z.array(z.string()),
  encryption: z.nullable(z.object({ key_id: z.string(), salt: z.string() })),
});

const trailerSchema = z.object({
  rows: z.record(z.string(), z.number()),
  bytes: z.number(),
  sha256: z.string(),
  mark: z.nullable(z.string()),
});

/** The first line of an archive: what is known before the data. */
export type Header = z.infer<typeof headerSchema>;
/** Its last: what is known behind them. */
type Trailer = z.infer<typeof trailerSchema>;

const FOOT = /^(\d{10}) pinnacle-backup-end\n$/;
const FOOT_BYTES = 31;
const MAX_LINE_BYTES = 16 * 1_048_576;

/** An archive, piece by piece: a line of JSON, the dump compressed and perhaps encrypted, a line of JSON and its length. */
export async function* archivePieces(
  header: Header,
  dump: AsyncIterable<Uint8Array>,
  rows: () => Promise<Rows>,
  key: BackupKey | undefined,
): AsyncGenerator<Uint8Array> {
  const first = Buffer.from(`${JSON.stringify(header)}\n`);
  const keys = header.encryption && key ? archiveKeys(key, header.encryption.salt, first) : undefined;
  const hash = createHash('sha256').update(first);
  let bytes = 0;
  yield first;
  for await (const piece of keys ? encrypted(compressed(dump), keys) : compressed(dump)) {
    hash.update(piece);
    bytes += piece.length;
    yield piece;
  }
  const body = { rows: await rows(), bytes, sha256: hash.digest('hex') };
  const last = JSON.stringify({ ...body, mark: keys ? fingerprintOf(keys, JSON.stringify(body)) : null });
  const foot = `${String(Buffer.byteLength(last)).padStart(10, '0')} pinnacle-backup-end\n`;
  yield Buffer.from(`\n${last}\n${foot}`);
}

/** An archive that can be read: its two lines, and where its data are. */
export interface Archive {
  path: string;
  /** The size of the file. */
  size: number;
  header: Header;
  trailer: Trailer;
  firstLine: Buffer;
}

/** Reads the two lines of an archive. Throws BACKUP_NOT_FOUND (exit 3), OUTPUT_FAILED, and Damage. */
export async function openArchive(path: string): Promise<Archive> {
  const handle = await open(path).catch((error) => {
    throw unreadable(path, error);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new CorruptArchive('not a backup', 'it is no regular file');
    const firstLine = await readFirstLine(handle);
    const header = parsed(headerSchema, firstLine.toString('utf8'));
    if (!header)
      throw new CorruptArchive('not a backup', 'it does not begin as a backup of this version does');
    const trailer = await readTrailer(handle, stats.size);
    if (!trailer || firstLine.length + trailer.bytes > stats.size)
      throw new CorruptArchive('cut', `its end is missing or altered: ${stats.size} bytes are there`);
    return { path, size: stats.size, header, trailer, firstLine };
  } finally {
    await handle.close();
  }
}

function unreadable(path: string, error: unknown): unknown {
  const known = toFileProblem(error, 'read');
  if (!(known instanceof FileProblem)) return error;
  if (known.code === 'ENOENT' || known.code === 'ENOTDIR')
    return notFound('backup', path, 'See: pinnacle backup list');
  return new Failure('output', 'INPUT_FAILED', `${path} ${known.why}.`);
}

async function readFirstLine(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1_048_576), 0, 1_048_576, 0);
  return buffer.subarray(0, buffer.subarray(0, bytesRead).indexOf(0x0a) + 1);
}

async function readTrailer(handle: FileHandle, size: number): Promise<Trailer | undefined> {
  const foot = await readAt(handle, size - FOOT_BYTES, FOOT_BYTES);
  const length = Number(FOOT.exec(foot)?.[1]);
  if (!(length <= MAX_LINE_BYTES)) return undefined;
  const line = await readAt(handle, size - FOOT_BYTES - length - 2, length + 2);
  return line.startsWith('\n') && line.endsWith('\n') ? parsed(trailerSchema, line) : undefined;
}

async function readAt(handle: FileHandle, from: number, length: number): Promise<string> {
  if (from < 0) return '';
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
  return buffer.toString('utf8', 0, bytesRead);
}

function parsed<T>(schema: z.ZodMiniType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The keys of an encrypted archive; throws Damage naming the key where that is not among them. */
function keysOf(
  { header, firstLine, trailer }: Archive,
  keys: readonly BackupKey[],
): ArchiveKeys | undefined {
  const { encryption } = header;
  if (!encryption) return undefined;
  const key = keys.find(({ id }) => id === encryption.key_id);
  const there =
    keys.length === 0 ? 'no key is configured' : `configured: ${keys.map(({ id }) => id).join(', ')}`;
  if (!key) throw new CorruptArchive('key', `it is encrypted with key ${encryption.key_id}; ${there}`);
  const own = archiveKeys(key, encryption.salt, firstLine);
  const { mark, ...body } = trailer;
  if (fingerprintOf(own, JSON.stringify(body)) !== mark)
    throw new CorruptArchive('altered', 'its first or last line was altered');
  return own;
}

/** The dump in an archive. Throws Damage as soon as, and at the end at the latest, it is not as it was written. */
export async function* readDump(archive: Archive, keys: readonly BackupKey[]): AsyncGenerator<Buffer> {
  const own = keysOf(archive, keys);
  const { path, size, firstLine, trailer } = archive;
  const hash = createHash('sha256').update(firstLine);
  const start = firstLine.length;
  const body = createReadStream(path, { start, end: start + trailer.bytes - 1, highWaterMark: 262_144 });
  async function* hashed() {
    for await (const piece of body as AsyncIterable<Buffer>) {
      hash.update(piece);
      yield piece;
    }
  }
  const plain = Readable.from(own ? decrypted(hashed(), own) : hashed());
  try {
    yield* pipeline(plain, createGunzip({ chunkSize: 262_144 }), () => {}) as AsyncIterable<Buffer>;
  } catch (error) {
    if (/^Z_/.test(String((error as NodeJS.ErrnoException).code)))
      throw new CorruptArchive('altered', 'its data were altered, so that they cannot be decompressed');
    throw error;
  } finally {
    body.destroy();
  }
  const foot = size - FOOT_BYTES - Buffer.byteLength(JSON.stringify(trailer)) - 2;
  if (hash.digest('hex') !== trailer.sha256 || start + trailer.bytes !== foot)
    throw new CorruptArchive('altered', 'its bytes are not those that were written: the SHA-256 differs');
}

/** A database as of one moment: what is to be known of it, the dump, and the rows of each table. */
export interface Dump {
  header: Omit<Header, 'encryption'>;
  text: AsyncIterable<Uint8Array>;
  /** To be asked for when the text was read. */
  rows: () => Promise<Rows>;
}
