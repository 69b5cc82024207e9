import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
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

/** Opens a file, or stdin for `-`, compressed by gzip or not. Throws a usage error for what cannot be read. */
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

/** Whether it is gzip, by its first two bytes. */
async function* unzipped(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  async function* all() {
    if (!first.done) yield first.value;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  const gzip = !first.done && first.value[0] === 0x1f && first.value[1] === 0x8b;
  try {
    // Errors of the file come out of the decompressor, where the bytes are read.
    if (gzip) yield* decompressed(all(), name);
    else yield* all();
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code.startsWith('Z_')) throw usage(`${name} is compressed, but damaged or cut off.`);
    if (/^E[A-Z]+$/.test(code)) throw usage(`${name} cannot be read (${code}).`);
    throw error;
  }
}

// Rows compress to a fiftieth at best; what expands further is no table, and would keep the program busy for long.
const MAX_RATIO = 200;
const FREE_BYTES = 16 * 1_048_576;

async function* decompressed(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const size = { packed: 0, plain: 0 };
  async function* counted() {
    for await (const chunk of source) {
      size.packed += chunk.length;
      yield chunk;
    }
  }
  const plain = pipeline(Readable.from(counted()), createGunzip(), () => {}) as AsyncIterable<Buffer>;
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
