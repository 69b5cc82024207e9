import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import type { Io } from '../../cli/io.ts';
import { Failure, usage } from '../../util/failure.ts';
import { openInput } from '../../util/file.ts';
import { FileProblem } from '../../util/file-problem.ts';

/** The bytes of a file that is imported. */
export interface Source {
  bytes: AsyncIterable<Buffer>;
  /** The name of the file in messages. */
  name: string;
  /** The share that has been read, 0 to 1; undefined for a pipe. */
  share: () => number | undefined;
  /** Whether it can be read only once: stdin, a pipe. */
  once: boolean;
}

/** Opens a file, or stdin for `-`, compressed by gzip, as the one CSV file of a ZIP archive, or not. Throws a usage error for what cannot be read. */
export function openSource(path: string, { io, signal }: { io: Io; signal: AbortSignal }): Source {
  if (path === '-')
    return {
      bytes: unzipped(io.stdin as AsyncIterable<Buffer>, 'stdin'),
      name: 'stdin',
      share: () => undefined,
      once: true,
    };
  const name = `The file ${path}`;
  try {
    const { stream, stats } = openInput(path, { pipes: true, signal });
    const size = stats.isFile() ? stats.size : undefined;
    const share = () => size && stream.bytesRead / size;
    return { bytes: unzipped(stream, name), name, share, once: size === undefined };
  } catch (error) {
    throw error instanceof FileProblem ? usage(`${name} ${error.why}.`) : error;
  }
}

/** What a file begins with says whether it is gzip or a ZIP archive. */
async function* unzipped(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let head = await chunks.next();
  // A pipe may bring the name of the file in an archive later.
  while (!head.done && head.value.length < MAX_ENTRY_BYTES && isZip(head.value)) {
    const next = await chunks.next();
    if (next.done) break;
    head = { done: false, value: Buffer.concat([head.value, next.value]) };
  }
  async function* all(from = 0) {
    if (!head.done) yield head.value.subarray(from);
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  const gzip = !head.done && head.value[0] === 0x1f && head.value[1] === 0x8b;
  const entry = head.done ? undefined : tableInZip(head.value);
  try {
    // Errors of the file come out of the decompressor, where the bytes are read.
    if (gzip) yield* decompressed(all(), name, createGunzip());
    else if (entry?.size !== undefined) yield* storedInZip(all(entry.start), entry.size, name);
    else if (entry !== undefined) yield* oneOfZip(all(entry.start), name);
    else yield* all();
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code.startsWith('Z_')) throw damaged(name);
    if (/^E[A-Z]+$/.test(code)) throw usage(`${name} cannot be read (${code}).`);
    throw error;
  }
}

const ENTRY = Buffer.from('PK\x03\x04', 'latin1');
const ENTRY_BYTES = 30;
// The header of an entry with the longest name and field that it can have.
const MAX_ENTRY_BYTES = ENTRY_BYTES + 2 * 65_535;
const ENCRYPTED = 1;
// Its size stands behind the entry, not in its header.
const SIZE_BEHIND = 8;
const STORED = 0;
const DEFLATED = 8;
// Of an entry of 4 GiB or more, whose size stands elsewhere.
const SIZE_ELSEWHERE = 0xffff_ffff;

const isZip = (bytes: Buffer) => bytes.length >= ENTRY_BYTES && bytes.subarray(0, ENTRY.length).equals(ENTRY);

const damaged = (name: string) => usage(`${name} is compressed, but damaged or cut off.`);

/** The first file of a ZIP archive, if it is a table. */
interface Entry {
  /** Where its bytes begin. */
  start: number;
  /** In bytes, if it is stored as it is; undefined if it is compressed. */
  size: number | undefined;
}

/** The first file of a ZIP archive, if it is a table that can be read from the front; workbooks are archives of other files. */
function tableInZip(head: Buffer): Entry | undefined {
  if (!isZip(head)) return undefined;
  const [flags, method, size] = [head.readUInt16LE(6), head.readUInt16LE(8), head.readUInt32LE(18)];
  const end = ENTRY_BYTES + head.readUInt16LE(26);
  const name = head.subarray(ENTRY_BYTES, end).toString('latin1');
  if ((flags & ENCRYPTED) !== 0 || !/\.(csv|txt)$/i.test(name)) return undefined;
  const start = end + head.readUInt16LE(28);
  if (method === DEFLATED) return { start, size: undefined };
  const isSized = (flags & SIZE_BEHIND) === 0 && size !== SIZE_ELSEWHERE;
  return method === STORED && isSized ? { start, size } : undefined;
}

/** The first file of a ZIP archive that is stored as it is, which must be its only one. */
async function* storedInZip(source: AsyncIterable<Buffer>, size: number, name: string) {
  let left = size;
  let behind: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    if (left > 0) yield chunk.subarray(0, left);
    if (behind.length < ENTRY.length) behind = Buffer.concat([behind, chunk.subarray(left)]);
    left = Math.max(0, left - chunk.length);
  }
  if (left > 0) throw damaged(name);
  if (behind.subarray(0, ENTRY.length).equals(ENTRY)) throw severalFiles(name);
}

const severalFiles = (name: string) =>
  usage(`${name} is a ZIP archive of several files: give them one by one.`);

/** The first file of a ZIP archive, which must be its only one. */
async function* oneOfZip(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw();
  // What stands behind the file: the list of all, or the next one.
  let tail: Buffer = Buffer.alloc(0);
  let read = 0;
  async function* noted() {
    for await (const chunk of source) {
      read += chunk.length;
      tail = Buffer.concat([tail, chunk]).subarray(-Math.max(chunk.length, TAIL_BYTES));
      yield chunk;
    }
  }
  yield* decompressed(noted(), name, inflate);
  const behind = tail.subarray(Math.max(0, tail.length - (read - inflate.bytesWritten)));
  if (behind.includes(ENTRY)) throw severalFiles(name);
}
const TAIL_BYTES = 131_072;

// Rows compress to a fiftieth at best; what expands further is no table, and would keep the program busy for long.
const MAX_RATIO = 200;
const FREE_BYTES = 16 * 1_048_576;

async function* decompressed(
  source: AsyncIterable<Buffer>,
  name: string,
  decompressor: Transform,
): AsyncGenerator<Buffer> {
  const size = { packed: 0, plain: 0 };
  async function* counted() {
    for await (const chunk of source) {
      size.packed += chunk.length;
      yield chunk;
    }
  }
  const plain = pipeline(Readable.from(counted()), decompressor, () => {}) as AsyncIterable<Buffer>;
  for await (const chunk of plain) {
    size.plain += chunk.length;
    if (size.plain > FREE_BYTES && size.plain > MAX_RATIO * size.packed)
      throw usage(`${name} expands to more than ${MAX_RATIO} times its size: it is no table of rows.`);
    yield chunk;
  }
}

/** The failure of an import that must start again, from a source that can be read only once. */
export function streamConsumed(): Failure {
  return new Failure(
    'busy',
    'DATABASE_BUSY',
    'The database was busy, and what comes through a pipe cannot be read a second time.',
    { hint: 'Nothing was imported. Run it again.', retryable: true },
  );
}
