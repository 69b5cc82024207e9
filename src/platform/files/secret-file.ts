import { Failure } from '../../util/failure.ts';
import { readInput } from '../../util/file.ts';
import { FileProblem } from '../../util/file-problem.ts';

const MAX_BYTES = 65_536;

/**
 * The bytes of a file that holds a secret, at most `max` of them; undefined where there is none. Throws SECRET_FILE_UNSAFE (exit 11) for
 * one that is a symbolic link, no regular file, another user's, or open to others.
 */
export async function readSecretFile(
  path: string,
  uid: number | undefined,
  what: string,
  max = MAX_BYTES,
): Promise<Buffer | undefined> {
  const unsafe = (why: string, hint?: string) =>
    new Failure('integrity', 'SECRET_FILE_UNSAFE', `${what} ${path} ${why}.`, hint ? { hint } : {});
  try {
    const { bytes, stats } = await readInput(path, max, { links: false });
    // Of the file that was read: its name may be swapped between two looks.
    if (uid !== undefined && stats.uid !== uid && stats.uid !== 0)
      throw unsafe('belongs to another user', `Give it to yourself: chown ${uid} ${path}`);
    if ((stats.mode & 0o077) !== 0) throw unsafe('is open to others', `Run: chmod 600 ${path}`);
    return bytes;
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw unsafe(error.why);
  }
}
