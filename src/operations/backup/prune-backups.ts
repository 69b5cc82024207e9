import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import { type Backup, readBackups, VERIFIED_SUFFIX } from './catalog.ts';

const DAY_MS = 86_400_000;
const DRAFT = /\.pinbackup\.[0-9a-f-]{36}$/;

/**
 * Removes the oldest backups beyond the newest `keep`, after confirmation, and returns them. Keeps the newest verified one and
 * every one with a problem. Also removes drafts that a killed process left more than a day ago.
 */
export async function pruneBackups(ctx: Context, keep: number): Promise<Backup[]> {
  const { dir } = (await ctx.config()).backup;
  if (!ctx.dryRun) await removeDrafts(dir, ctx.now().getTime() - DAY_MS);
  const good = (await readBackups(ctx)).filter(({ problem }) => problem === null);
  const verified = good.find(({ verified_at }) => verified_at !== null);
  const surplus = good.slice(keep).filter((backup) => backup !== verified);
  if (surplus.length === 0) {
    await ctx.io.say(`Nothing to remove: there are ${pluralize(good.length, 'backup')}.`);
    return [];
  }
  await ctx.confirm(
    `Remove ${pluralize(surplus.length, 'backup')}, the newest of them of ${surplus[0]?.created_at}?`,
  );
  if (ctx.dryRun) return surplus;
  // Oldest first: an interrupt leaves the newer ones.
  for (const { path } of [...surplus].reverse()) {
    ctx.signal.throwIfAborted();
    await rm(path);
    await rm(`${path}${VERIFIED_SUFFIX}`, { force: true });
  }
  return surplus;
}

/** Removes unfinished archives that were last written before a time in milliseconds. */
async function removeDrafts(dir: string, before: number): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const path of names.filter((name) => DRAFT.test(name)).map((name) => join(dir, name))) {
    const found = await lstat(path).catch(() => undefined);
    if (found?.isFile() && found.mtimeMs < before) await rm(path, { force: true });
  }
}
