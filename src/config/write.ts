import { randomUUID } from 'node:crypto';
import { link, open, realpath, rename, rm } from 'node:fs/promises';
import { refused } from '../cli/errors.ts';
import { invalid } from './read.ts';

/**
 * Writes a file whole or not at all: beside it, flushed, then renamed, readable by its owner only. Without `replace`
 * a file that is already there stays, even one that appeared this very moment.
 */
export async function writeFileSafely(path: string, text: string, replace: boolean): Promise<void> {
  // Where the name is a symbolic link, the file it points to is the one replaced.
  const target = await realpath(path).catch(() => path);
  const beside = `${target}.${randomUUID()}`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await (replace ? rename(beside, target) : link(beside, target));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw refused('FILE_EXISTS', `There is already a file ${path}.`, 'Replace it with --yes.');
    throw invalid(`${path} cannot be written (${code}).`);
  } finally {
    await rm(beside, { force: true });
  }
}
