import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure, outputFailure } from '../../util/failure.ts';
import { FileProblem, toFileProblem } from '../../util/file-problem.ts';
import { readSecretFile } from './secret-file.ts';

/** A secret that an interrupted run was about to put into a file, and where it left it. */
export interface Draft {
  place: string;
  secret: string;
}

/** A folder with one file per name, each with a secret that only its owner can read. */
export interface KeyFolder {
  path: string;
  /** The path of the file of a name. */
  pathOf: (name: string) => string;
  /** The secret in the file of a name; undefined without one. Throws SECRET_FILE_UNSAFE. */
  kept: (name: string) => Promise<string | undefined>;
  /** What other runs left for a name, or are about to put there. */
  drafts: (name: string) => Promise<Draft[]>;
  /** Writes a secret beside its file, to be kept once it is in force. No other run writes or reads it there before. */
  write: (name: string, secret: string) => Promise<Draft>;
  /** Gives a draft its file, which is never replaced. Throws OUTPUT_FAILED, naming where the secret is. */
  keep: (name: string, draft: Draft) => Promise<void>;
  /** Removes drafts that are not kept. */
  drop: (drafts: readonly Draft[]) => Promise<void>;
  /** Creates the folder where it is missing, 0700. Throws SECRET_FILE_UNSAFE where others may remove what is in it. */
  create: () => Promise<void>;
  /** Flushes the names of all files to the disk. */
  sync: () => Promise<void>;
}

const DRAFT = /^(.*\.key)\.[0-9a-f]{16}\.new$/s;

/**
 * Opens a folder of secrets, which need not be there yet. What cannot be written throws OUTPUT_FAILED (exit 74). Drafts of each
 * run have names of their own, so that of two runs at once neither overwrites what the other is about to put in force.
 */
export async function openKeyFolder(path: string, uid: number | undefined): Promise<KeyFolder> {
  const failed = (place: string) => (error: unknown) => {
    throw outputFailure(place, toFileProblem(error, 'written'), 'Name another folder.');
  };
  const run = randomBytes(8).toString('hex');
  const fileOf = (name: string) => `${name.replace(/[/%]/g, encodeURIComponent)}.key`;
  // Another program may have written any id: none leads out of the folder.
  const pathOf = (name: string) => join(path, fileOf(name));
  const read = async (place: string) => {
    const bytes = await readSecretFile(place, uid, 'The file');
    return bytes?.toString('utf8').trim();
  };
  const left = await draftsIn(path);
  return {
    path,
    pathOf,
    kept: (name) => read(pathOf(name)),
    async drafts(name) {
      const found: Draft[] = [];
      for (const file of left.get(fileOf(name)) ?? []) {
        const place = join(path, file);
        const secret = await read(place);
        if (secret !== undefined) found.push({ place, secret });
      }
      return found;
    },
    async write(name, secret) {
      const place = `${pathOf(name)}.${run}.new`;
      const file = await open(place, 'wx', 0o600).catch(failed(place));
      try {
        await file.writeFile(`${secret}\n`);
        await file.sync();
      } catch (error) {
        failed(place)(error);
      } finally {
        await file.close();
      }
      return { place, secret };
    },
    async keep(name, { place, secret }) {
      await link(place, pathOf(name)).catch(async (error) => {
        // Another run may have found it, and given it its file.
        if ((await read(pathOf(name)).catch(() => undefined)) === secret) return;
        const problem = toFileProblem(error, 'written');
        const why = problem instanceof FileProblem ? problem.why : 'cannot be written';
        throw new Failure(
          'output',
          'OUTPUT_FAILED',
          `${pathOf(name)} ${why}. The secret is in force, and in ${place}.`,
          { changed: true },
        );
      });
      await rm(place, { force: true });
    },
    async drop(drafts) {
      for (const { place } of drafts) await rm(place, { force: true });
    },
    async create() {
      const first = await mkdir(path, { recursive: true, mode: 0o700 }).catch(failed(path));
      // A power failure must not take away the folder of keys that are in force.
      for (let made = path; first !== undefined && made.length >= first.length; made = dirname(made))
        await syncFolder(dirname(made));
      const { mode } = await stat(path);
      if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)
        throw new Failure(
          'integrity',
          'SECRET_FILE_UNSAFE',
          `Others may remove files from the folder ${path}.`,
          { hint: `Run: chmod go-w ${path}` },
        );
    },
    sync: () => syncFolder(path),
  };
}

/** The drafts in a folder by the file that they are for; none where it is missing. */
async function draftsIn(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const drafts = new Map<string, string[]>();
  for (const file of await readdir(path).catch(() => [])) {
    const name = DRAFT.exec(file)?.[1];
    if (name !== undefined) drafts.set(name, [...(drafts.get(name) ?? []), file]);
  }
  return drafts;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  await folder.sync().finally(() => folder.close());
}
