import { access, readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod/mini';
import type { Context } from '../../context.ts';
import { readInput, writeAtomic } from '../../util/file.ts';
import { type Archive, keysOf, openArchive } from './archive.ts';
import { authenticate } from './authenticate.ts';
import { type ArchiveKeys, fingerprintOf } from './cipher.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { type BackupKeys, loadAllKeys } from './keys.ts';
import { totalOf } from './row-counts.ts';

export const ARCHIVE_SUFFIX = '.pinbackup';
/** The file beside a backup that holds the result of its last verification. */
export const VERIFIED_SUFFIX = '.verified';
const MAX_VERIFIED_BYTES = 65_536;

const verifiedSchema = z.object({
  at: z.string(),
  deep: z.boolean(),
  sha256: z.string(),
  problem: z.nullable(z.string()),
  mark: z.nullable(z.string()),
});

/** The result of a verification. */
export type Verified = Omit<z.infer<typeof verifiedSchema>, 'mark'>;

/** A backup as it is listed; times in UTC, null where unknown. */
export type Backup = {
  name: string;
  path: string;
  created_at: string | null;
  database: string | null;
  phase: number | null;
  rows: number | null;
  bytes: number | null;
  encrypted: boolean | null;
  authenticated: boolean | null;
  verified_at: string | null;
  deep: boolean | null;
  problem: string | null;
};

/**
 * The backups of the backup folder, newest first, unreadable ones last; none where the folder does not exist. What is no regular
 * file is named and not opened.
 */
export async function readBackups(ctx: Context): Promise<Backup[]> {
  const { dir } = (await ctx.config()).backup;
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith(ARCHIVE_SUFFIX));
  const keys = names.length > 0 ? await loadAllKeys(ctx) : { configured: [], all: [] };
  const backups: Backup[] = [];
  // One after the other: each takes memory for its lines, and there may be thousands.
  for (const name of names) backups.push(await readBackup(dir, name, keys));
  return backups.sort((a, b) => ((a.created_at ?? '') > (b.created_at ?? '') ? -1 : 1));
}

/** The newest backup of the backup folder without a known problem. */
export async function newestBackup(ctx: Context): Promise<Backup | undefined> {
  return (await readBackups(ctx)).find(({ problem }) => problem === null);
}

async function readBackup(dir: string, name: string, keys: BackupKeys): Promise<Backup> {
  const path = join(dir, name);
  const facts = {
    ...{ created_at: null, database: null, phase: null, rows: null, bytes: null },
    ...{ encrypted: null, authenticated: null, verified_at: null, deep: null },
  };
  try {
    const archive = await openArchive(path);
    const { created_at, database, phase, counts, size, encrypted } = archive;
    const known = { created_at, database, phase, rows: totalOf(counts), bytes: size, encrypted };
    const authentic = authenticity(archive, keys);
    if (authentic instanceof CorruptArchive)
      return { name, path, ...facts, ...known, authenticated: false, problem: authentic.problem };
    const verified = await readVerified(archive, keys);
    const good = verified?.problem === null ? verified : undefined;
    return {
      ...{ name, path, ...known, authenticated: authentic },
      verified_at: good?.at ?? null,
      deep: good?.deep ?? null,
      problem: verified?.problem ?? null,
    };
  } catch (error) {
    const problem = error instanceof CorruptArchive ? error.problem : 'cannot be read';
    return { name, path, ...facts, problem };
  }
}

/** Whether it is authenticated, or why it cannot be used. A host without any key can list encrypted ones. */
function authenticity(archive: Archive, keys: BackupKeys): boolean | CorruptArchive {
  try {
    return authenticate(archive, keys) !== undefined;
  } catch (error) {
    if (!(error instanceof CorruptArchive)) throw error;
    return error.problem === 'key' && keys.configured.length === 0 ? false : error;
  }
}

/**
 * The stored verification of an archive; undefined where there is none, or it was made for another file of that name, or by
 * somebody who does not have the key of the archive.
 */
async function readVerified(archive: Archive, keys: BackupKeys): Promise<Verified | undefined> {
  const { path, sha256 } = archive;
  try {
    const { bytes } = await readInput(`${path}${VERIFIED_SUFFIX}`, MAX_VERIFIED_BYTES, { links: false });
    const { mark, ...found } = verifiedSchema.parse(JSON.parse(bytes.toString('utf8')));
    const own = keysOf(archive, keys.all);
    return found.sha256 === sha256 && (!own || markOf(found, own) === mark) ? found : undefined;
  } catch {
    return undefined;
  }
}

const markOf = ({ at, deep, sha256, problem }: Verified, keys: ArchiveKeys) =>
  fingerprintOf(keys, JSON.stringify(['verified', at, deep, sha256, problem]));

/**
 * Stores the result of a verification beside an archive, authenticated with its keys if it has any. False where it cannot be
 * written, as on a read-only disk.
 */
export async function recordVerified(
  path: string,
  verified: Verified,
  keys: ArchiveKeys | undefined,
): Promise<boolean> {
  const text = JSON.stringify({ ...verified, mark: keys ? markOf(verified, keys) : null });
  return writeAtomic(`${path}${VERIFIED_SUFFIX}`, `${text}\n`, true).then(
    () => true,
    () => false,
  );
}

/** Resolves a path, or the bare name of a backup in the backup folder. */
export async function locate(ctx: Context, given: string): Promise<string> {
  const path = resolve(ctx.cwd, given);
  if (isAbsolute(given) || given.includes('/')) return path;
  const there = await access(path).then(
    () => true,
    () => false,
  );
  return there ? path : join((await ctx.config()).backup.dir, given);
}
