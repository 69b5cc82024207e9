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
  /** Whether a named pipe is accepted, such as the `<(…)` of a shell. */
  pipes?: boolean;
  signal?: AbortSignal;
}

/**
 * Opens a file as a stream, with its stat: never a folder, a device or a socket. Waiting for a pipe does not keep the
 * process from exiting. Throws FileProblem.
 */
export function openInput(
  path: string,
  options: InputOptions = {},
): { stream: ReadStream | Socket; stats: Stats } {
  const { links = true, pipes = false, signal } = options;
  let fd: number | undefined;
  try {
    // Otherwise opening a pipe would wait for its other end and block signals.
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

/** Reads a file of at most `max` bytes, with its stat. Throws FileProblem. */
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

const SYNC_BYTES = 16 * 1_048_576;

/** A file being written: it has a temporary name until it is complete, and until then only its owner can read it. */
export interface AtomicFile {
  write: (content: string | Uint8Array) => Promise<void>;
  /** Discards what was written so far. */
  restart: () => Promise<void>;
  /** Flushes it to the disk and renames it to its final name. */
  keep: () => Promise<void>;
  /** Deletes it unless it was kept. */
  discard: () => Promise<void>;
}

/**
 * Starts a file next to its final name, which only its owner can read unless `mode` says otherwise. With `replace` it replaces a regular file; otherwise nothing is overwritten,
 * and a symbolic link never is. Throws FileProblem, with EEXIST if the name is taken.
 */
export async function openAtomic(path: string, replace: boolean, mode = 0o600): Promise<AtomicFile> {
  const failed = (error: unknown): never => {
    throw toFileProblem(error, 'written');
  };
  await checkPlace(path, replace);
  const beside = `${path}.${randomUUID()}`;
  const handle = await open(beside, 'wx', 0o600).catch(failed);
  let closed = false;
  let unsynced = 0;
  let syncing = Promise.resolve();
  const close = async () => {
    if (!closed) await handle.close();
    closed = true;
  };
  return {
    async write(content) {
      await handle.appendFile(content).catch(failed);
      unsynced += content.length;
      if (unsynced < SYNC_BYTES) return;
      unsynced = 0;
      // The disk works while the rest is produced. The kernel reports a failure once, so it must not be lost here.
      syncing = syncing.then(() => handle.datasync());
      syncing.catch(() => {});
    },
    restart: () => handle.truncate(0).catch(failed),
    async keep() {
      try {
        await syncing;
        // Whatever the mask of the process would take away.
        await handle.chmod(mode);
        await handle.sync();
        await close();
        await (replace ? rename : link)(beside, path);
        await syncFolder(dirname(path));
      } catch (error) {
        failed(error);
      }
    },
    async discard() {
      await syncing.catch(() => {});
      await close();
      await rm(beside, { force: true });
    },
  };
}

/** Opens a regular file to append, created with mode 0600 if missing. Throws FileProblem. */
export async function openAppending(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
  let handle: FileHandle | undefined;
  try {
    // Otherwise opening a pipe without a reader would block.
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

/** Syncs a folder: until then a power failure may undo a rename. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  await folder.sync().finally(() => folder.close());
}

/** Writes a file at once, with the rules of `openAtomic`. */
export async function writeAtomic(path: string, content: string, replace: boolean): Promise<void> {
  const draft = await openAtomic(path, replace);
  try {
    await draft.write(content);
    await draft.keep();
  } finally {
    await draft.discard();
  }
}
