import { createHash, randomUUID } from 'node:crypto';
import { access, link, open, rename, rm } from 'node:fs/promises';
import { CliError, refused } from '../cli/errors.ts';

/**
 * Writes a file piece by piece, whole or not at all: beside it, flushed, then renamed, readable by its owner only.
 * Gives its size and SHA-256. Throws FILE_EXISTS unless `force`, OUTPUT_FAILED (exit 74).
 */
export async function writeExport(
  path: string,
  force: boolean,
  fill: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<{ bytes: number; sha256: string }> {
  if (!force && (await exists(path))) throw taken(path);
  const beside = `${path}.${randomUUID()}`;
  const [hash, failed] = [createHash('sha256'), failureOf(path)];
  let bytes = 0;
  try {
    const handle = await open(beside, 'wx', 0o600).catch(failed);
    try {
      await fill(async (text) => {
        const chunk = Buffer.from(text);
        hash.update(chunk);
        bytes += chunk.length;
        await handle.appendFile(chunk).catch(failed);
      });
      await handle.sync().catch(failed);
    } finally {
      await handle.close();
    }
    await (force ? rename(beside, path) : link(beside, path)).catch(failed);
  } finally {
    await rm(beside, { force: true });
  }
  return { bytes, sha256: hash.digest('hex') };
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

const taken = (path: string) =>
  refused('FILE_EXISTS', `There is already a file ${path}.`, 'Replace it with --force.');

const failureOf =
  (path: string) =>
  ({ code }: NodeJS.ErrnoException): never => {
    if (code === 'EEXIST') throw taken(path);
    throw new CliError('output', 'OUTPUT_FAILED', `${path} cannot be written (${code}).`);
  };
