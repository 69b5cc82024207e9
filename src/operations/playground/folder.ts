import { lstat, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Context } from '../../context.ts';
import { lockFile } from '../../platform/files/lock-file.ts';
import { makePrivateFolder, unusable } from '../../platform/files/private-folder.ts';
import { refused } from '../../util/failure.ts';
import { shellWord } from '../../util/text.ts';

/** A file that only playgrounds have: a folder without it is never touched. */
const MARKER = '.pinnacle-playground';
const SETTING = '--dir';
const DATABASE = 'database';

/** The configuration file of a playground, which names its database. */
export const configOf = (folder: string): string => join(folder, 'pinnacle.config.json');

/**
 * Makes a playground by `fill` beside its folder, and puts it in place once it is whole. Throws PLAYGROUND_EXISTS or
 * FOLDER_TAKEN (exit 5) for a folder that holds something.
 */
export async function withNewFolder<T>(folder: string, fill: (draft: string) => Promise<T>): Promise<T> {
  await refuseTaken(folder);
  const draft = `${folder}.new`;
  // Of a run that was killed.
  if (await isPlayground(draft)) await rm(draft, { recursive: true });
  await refuseTaken(draft);
  await makePrivateFolder(dirname(folder), SETTING);
  try {
    const made = await fillFolder(draft, fill);
    await rename(draft, folder).catch(unusable(folder, SETTING));
    return made;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Marks a folder as a playground, writes its configuration, and fills it. */
export async function fillFolder<T>(folder: string, fill: (folder: string) => Promise<T>): Promise<T> {
  await makePrivateFolder(folder, SETTING);
  const config = { database: 'embedded', dataDir: DATABASE };
  const write = async () => {
    await writeFile(join(folder, MARKER), '', { mode: 0o600 });
    await writeFile(configOf(folder), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  };
  await write().catch(unusable(folder, SETTING));
  return fill(folder);
}

/**
 * Removes a playground with everything in its folder, after a confirmation; false where there is none. Throws FOLDER_TAKEN
 * (exit 5) for a folder that is none, and DATABASE_BUSY (exit 10) while a command works in it.
 */
export async function removeFolder(ctx: Context, folder: string): Promise<boolean> {
  const database = join(folder, DATABASE);
  if (!(await isPlayground(folder))) {
    await refuseTaken(folder);
    return false;
  }
  await ctx.confirm(`Remove the playground ${folder} with everything in it?`);
  if (ctx.dryRun) return true;
  const { timeoutMs } = await ctx.config();
  const options = { pid: ctx.own.pid, command: ctx.origin.command, timeoutMs, signal: ctx.signal };
  const release = await lockFile(`${database}.lock`, `The playground ${folder}`, options);
  // Under another name it is gone at once, and a run that is interrupted leaves nothing that looks whole.
  const going = `${folder}.new`;
  await rename(folder, going).catch(async (error) => {
    await release();
    return unusable(folder, SETTING)(error);
  });
  await rm(going, { recursive: true }).catch(unusable(going, SETTING));
  return true;
}

async function isPlayground(folder: string): Promise<boolean> {
  const found = await lstat(join(folder, MARKER)).catch(() => undefined);
  return found?.isFile() === true;
}

/** Throws unless nothing is at a path, or an empty folder. */
async function refuseTaken(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  if (!found) return;
  const again = `pinnacle demo --remove --dir ${shellWord(folder)}`;
  if (await isPlayground(folder))
    throw refused(
      'PLAYGROUND_EXISTS',
      `There is a playground in ${folder} already.`,
      `Remove it first: ${again}`,
    );
  if (found.isDirectory() && (await readdir(folder)).length === 0) return;
  const free = join(dirname(folder), `${basename(folder)}-2`);
  throw refused(
    'FOLDER_TAKEN',
    `${folder} holds something that is no playground, and is left as it is.`,
    `Name another folder: pinnacle demo --keep --dir ${shellWord(free)}`,
  );
}
