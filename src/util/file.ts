import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  type ReadStream,
  type Stats,
} from 'node:fs';
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { FileProblem, toFileProblem } from './file-problem.ts';

interface InputOptions {
  /** Whether a symbolic link is followed. */
  links?: boolean;
  /** Whether a named pipe will do, such as the `<(…)` of a shell. */
  pipes?: boolean;
  signal?: AbortSignal;
}

/**
 * A file as a stream, with what the system says of that very file: never a folder, a device or a socket. A pipe is
 * waited for without keeping the process from ending. Throws UnfitFile.
 */
export function openInput(
  path: string,
  options: InputOptions = {},
): { stream: ReadStream | Socket; stats: Stats } {
  const { links = true, pipes = false, signal } = options;
  let fd: number | undefined;
  try {
    // Opening a pipe would otherwise wait for its other end, where no signal is heard.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (links ? 0 : constants.O_NOFOLLOW));
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw new FileProblem('EISDIR', 'is a folder, not a file');
    const piped = pipes && stats.isFIFO();
    if (!stats.isFile() && !piped) throw new FileProblem('EINVAL', 'is no regular file');
    const stream = piped
      ? new Socket({ fd, readable: true, writable: false })
      : createReadStream('', { fd, highWaterMark: 65_536 });
    if (signal) addAbortSignal(signal, stream);
    return { stream, stats };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw toFileProblem(error, 'read');
  }
}

/** All of a file that has at most `max` bytes, with what the system says of it. Throws UnfitFile. */
export async function readInput(
  path: string,
  max: number,
  options: InputOptions = {},
): Promise<{ bytes: Buffer; stats: Stats }> {
  const { stream, stats } = openInput(path, options);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > max)
        throw new FileProblem('EFBIG', `is larger than ${max / 1_024} KiB, so it is some other file`);
    }
  } catch (error) {
    throw toFileProblem(error, 'read');
  }
  return { bytes: Buffer.concat(chunks), stats };
}

/** A file on its way: it has another name until it is whole, and only its owner can read it. */
export interface AtomicFile {
  write: (content: string | Uint8Array) => Promise<void>;
  /** Drops what was written so far. */
  restart: () => Promise<void>;
  /** Puts it in place once it is on the disk. */
  keep: () => Promise<void>;
  /** Takes it away unless it was kept. */
  discard: () => Promise<void>;
}

/**
 * Begins a file beside the name that it is to have. With `replace` it takes the place of a regular file; nothing is
 * ever written over else, nor through a symbolic link. Throws UnfitFile, with EEXIST for what is in the way.
 */
export async function openAtomic(path: string, replace: boolean): Promise<AtomicFile> {
  const failed = (error: unknown): never => {
    throw toFileProblem(error, 'written');
  };
  await checkPlace(path, replace);
  const beside = `${path}.${randomUUID()}`;
  const handle = await open(beside, 'wx', 0o600).catch(failed);
  let closed = false;
  const close = async () => {
    if (!closed) await handle.close();
    closed = true;
  };
  return {
    write: (content) => handle.appendFile(content).catch(failed),
    restart: () => handle.truncate(0).catch(failed),
    async keep() {
      try {
        await handle.sync();
        await close();
        await (replace ? rename : link)(beside, path);
        await syncFolder(dirname(path));
      } catch (error) {
        failed(error);
      }
    },
    async discard() {
      await close();
      await rm(beside, { force: true });
    },
  };
}

/** A regular file to write behind what it has, 0600 where it is made. Throws UnfitFile. */
export async function openAppending(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
  let handle: FileHandle | undefined;
  try {
    // A pipe that nobody reads would otherwise be waited for.
    handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    if (!(await handle.stat()).isFile()) throw new FileProblem('EINVAL', 'is no regular file');
    return handle;
  } catch (error) {
    await handle?.close();
    throw toFileProblem(error, 'written');
  }
}

async function checkPlace(path: string, replace: boolean): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (!there) return;
  if (!replace) throw new FileProblem('EEXIST', 'exists');
  if (there.isSymbolicLink()) throw new FileProblem('ELOOP', 'is a symbolic link');
  if (there.isDirectory()) throw new FileProblem('EISDIR', 'is a folder, not a file');
  if (!there.isFile()) throw new FileProblem('EINVAL', 'is no regular file');
}

/** Until then a power failure may take back a name that was given. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  await folder.sync().finally(() => folder.close());
}

/** Writes a file at once, by the rules of a draft. */
export async function writeAtomic(path: string, content: string, replace: boolean): Promise<void> {
  const draft = await openAtomic(path, replace);
  try {
    await draft.write(content);
    await draft.keep();
  } finally {
    await draft.discard();
  }
}
