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

/** Where a playground is while it is made or removed: under a name that nobody gives one to keep. */
const draftOf = (folder: string): string => join(dirname(folder), `.${basename(folder)}.pinnacle-draft`);

/**
 * Makes a playground by `fill` beside its folder, and puts it in place once it is whole. Throws PLAYGROUND_EXISTS or
 * FOLDER_TAKEN (exit 5) for a folder that holds something, and DATABASE_BUSY (exit 10) while another run makes it.
 */
export async function withNewFolder<T>(
  ctx: Context,
  folder: string,
  fill: (draft: string) => Promise<T>,
): Promise<T> {
  await refuseTaken(folder);
  const draft = draftOf(folder);
  await removeLeft(ctx, draft);
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
  if (!(await isPlayground(folder))) {
    await refuseTaken(folder);
    if (!ctx.dryRun) await removeLeft(ctx, draftOf(folder));
    return false;
  }
  await ctx.confirm(`Remove the playground ${folder} with everything in it?`);
  if (ctx.dryRun) return true;
  // Under another name it is gone at once, and a run that is interrupted leaves nothing that looks whole.
  const going = draftOf(folder);
  await removeLeft(ctx, going);
  const release = await lock(ctx, folder, (await ctx.config()).timeoutMs);
  await rename(folder, going).catch(async (error) => {
    await release();
    return unusable(folder, SETTING)(error);
  });
  await removeMarkerLast(going);
  return true;
}

/** Removes what a run left that was killed; throws DATABASE_BUSY (exit 10) while one works there. */
async function removeLeft(ctx: Context, draft: string): Promise<void> {
  if (!(await isPlayground(draft))) return;
  await lock(ctx, draft, 0);
  await removeMarkerLast(draft);
}

/** Removes a folder so that what an interruption leaves of it is still known. */
async function removeMarkerLast(folder: string): Promise<void> {
  const removed = async () => {
    for (const name of await readdir(folder))
      if (name !== MARKER) await rm(join(folder, name), { recursive: true });
    await rm(folder, { recursive: true });
  };
  await removed().catch(unusable(folder, SETTING));
}

function lock(ctx: Context, folder: string, timeoutMs: number): Promise<() => Promise<void>> {
  const options = { pid: ctx.own.pid, command: ctx.origin.command, timeoutMs, signal: ctx.signal };
  return lockFile(`${join(folder, DATABASE)}.lock`, `The playground ${folder}`, options);
}

/** Whether it is a folder of its own, not a link to one, with the marker. */
async function isPlayground(folder: string): Promise<boolean> {
  const [own, marker] = await Promise.all(
    [folder, join(folder, MARKER)].map((path) => lstat(path).catch(() => undefined)),
  );
  return own?.isDirectory() === true && marker?.isFile() === true;
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
  const free = shellWord(join(dirname(folder), `${basename(folder)}-2`));
  throw refused(
    'FOLDER_TAKEN',
    `${folder} holds something that is no playground, and is left as it is.`,
    // The root has no name, and nothing is beside it.
    folder === dirname(folder)
      ? 'Name another folder, or none: pinnacle demo --keep'
      : `Name another folder: pinnacle demo --keep --dir ${free}`,
  );
}
