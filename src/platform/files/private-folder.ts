import { chmod, mkdir, mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../util/failure.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;

/** Creates a folder that only its owner can use, and its parents. Throws as `unusable`, naming the setting. */
export async function makePrivateFolder(path: string, setting: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE }).catch(unusable(path, setting));
}

/** Creates a folder of its own for scratch data; the same, naming TMPDIR. */
export async function makeScratchFolder(prefix: string): Promise<string> {
  return mkdtemp(join(tmpdir(), prefix)).catch(unusable(tmpdir(), 'TMPDIR'));
}

/**
 * A handler for errors of the file system about a folder: throws OUTPUT_FAILED (exit 74) for a full disk, else
 * FOLDER_UNUSABLE (exit 78); any other error as it is.
 */
export function unusable(path: string, setting: string) {
  return (error: NodeJS.ErrnoException): never => {
    if (error instanceof Failure || error.syscall === undefined) throw error;
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') throw diskFull(path, setting);
    throw new Failure(
      'config',
      'FOLDER_UNUSABLE',
      `The folder ${path} cannot be created or written (${error.code}).`,
      { hint: `Correct its permissions, or choose another folder with ${setting}.` },
    );
  };
}

/** The disk of a folder is full: exit 74. */
export const diskFull = (path: string, setting: string): Failure =>
  new Failure('output', 'OUTPUT_FAILED', `${path} cannot be written: the disk is full.`, {
    hint: `Free some space, or choose another folder with ${setting}.`,
  });

/** Removes all rights of other users on a folder and its contents; does nothing if they have none on the folder. */
export async function makePrivate(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  if ((mode & OTHERS) === 0) return;
  // From here on nobody else can reach the files, whose modes follow.
  await chmod(folder, FOLDER_MODE);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, FOLDER_MODE);
    else if (entry.isFile()) await chmod(path, FILE_MODE);
  }
}
