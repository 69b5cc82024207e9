import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CliError } from '../cli/errors.ts';

const MAX_BYTES = 65_536;

/**
 * The bytes of a file that holds a secret; undefined where there is none. Throws SECRET_FILE_UNSAFE (exit 11) for
 * one that is a symbolic link, no regular file, another user's, or open to others.
 */
export async function readSecretFile(
  path: string,
  uid: number | undefined,
  what: string,
): Promise<Buffer | undefined> {
  const unsafe = (why: string, hint?: string) =>
    new CliError('integrity', 'SECRET_FILE_UNSAFE', `${what} ${path} ${why}.`, hint ? { hint } : {});
  let handle: FileHandle | undefined;
  try {
    // Opening a named pipe would wait for its other end.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    // Of the file that was opened: its name may be swapped between two looks.
    const { mode, uid: owner, size, isFile } = await lookAt(handle);
    if (!isFile) throw unsafe('is no regular file');
    if (uid !== undefined && owner !== uid && owner !== 0)
      throw unsafe('belongs to another user', `Give it to yourself: chown ${uid} ${path}`);
    if ((mode & 0o077) !== 0) throw unsafe('is open to others', `Run: chmod 600 ${path}`);
    if (size > MAX_BYTES) throw unsafe('is larger than 64 KiB, so it is some other file');
    return await handle.readFile();
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unsafe(code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${code})`);
  } finally {
    await handle?.close();
  }
}

async function lookAt(handle: FileHandle) {
  const stat = await handle.stat();
  return { mode: stat.mode, uid: stat.uid, size: stat.size, isFile: stat.isFile() };
}

/** Makes a file that only its owner can read, and that survives a power failure; throws EEXIST where there is one. */
export async function createSecretFile(path: string, text: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(path, flags, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
