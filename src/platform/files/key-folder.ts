import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, outputFailure } from '../../util/failure.ts';
import { FileProblem, toFileProblem } from '../../util/file-problem.ts';
import { readSecretFile } from './secret-file.ts';

/** A folder with one file per name, each with a secret that only its owner can read. */
export interface KeyFolder {
  path: string;
  /** The path of the file of a name. */
  pathOf: (name: string) => string;
  /** The secret in the file of a name; undefined without one. Throws SECRET_FILE_UNSAFE. */
  kept: (name: string) => Promise<string | undefined>;
  /** The secret that an interrupted run was about to put there. */
  draft: (name: string) => Promise<string | undefined>;
  /** Writes a secret beside its file, to be kept once it is in force. */
  write: (name: string, secret: string) => Promise<void>;
  /** Gives a written secret its file, which is never replaced. Throws OUTPUT_FAILED, naming where the secret is. */
  keep: (name: string) => Promise<void>;
  /** Removes a written secret that is not kept. */
  drop: (name: string) => Promise<void>;
  /** Creates the folder where it is missing, 0700. */
  create: () => Promise<void>;
  /** Flushes the names of all files to the disk. */
  sync: () => Promise<void>;
}

/** A folder of secrets, which need not be there yet. What cannot be written throws OUTPUT_FAILED (exit 74). */
export function keyFolder(path: string, uid: number | undefined): KeyFolder {
  const failed = (place: string) => (error: unknown) => {
    throw outputFailure(place, toFileProblem(error, 'written'), 'Name another folder.');
  };
  // Another program may have written any id: none leads out of the folder.
  const pathOf = (name: string) => join(path, `${name.replace(/[/%]/g, encodeURIComponent)}.key`);
  const draftOf = (name: string) => `${pathOf(name)}.new`;
  const read = async (place: string) => {
    const bytes = await readSecretFile(place, uid, 'The file');
    return bytes?.toString('utf8').trim();
  };
  return {
    path,
    pathOf,
    kept: (name) => read(pathOf(name)),
    draft: (name) => read(draftOf(name)),
    async write(name, secret) {
      const place = draftOf(name);
      await rm(place, { force: true });
      const file = await open(place, 'wx', 0o600).catch(failed(place));
      try {
        await file.writeFile(`${secret}\n`);
        await file.sync();
      } catch (error) {
        failed(place)(error);
      } finally {
        await file.close();
      }
    },
    async keep(name) {
      await link(draftOf(name), pathOf(name)).catch((error) => {
        const problem = toFileProblem(error, 'written');
        const why = problem instanceof FileProblem ? problem.why : 'cannot be written';
        throw new Failure(
          'output',
          'OUTPUT_FAILED',
          `${pathOf(name)} ${why}. The secret is in force, and in ${draftOf(name)}.`,
          { changed: true },
        );
      });
      await rm(draftOf(name), { force: true });
    },
    drop: (name) => rm(draftOf(name), { force: true }),
    async create() {
      await mkdir(path, { recursive: true, mode: 0o700 }).catch(failed(path));
    },
    async sync() {
      const folder = await open(path);
      await folder.sync().finally(() => folder.close());
    },
  };
}
