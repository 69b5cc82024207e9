import { access, readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod/mini';
import type { Context } from '../../context.ts';
import { writeAtomic } from '../../util/file.ts';
import { type Archive, openArchive } from './archive.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { totalOf } from './row-counts.ts';

export const ARCHIVE_SUFFIX = '.pinbackup';
/** The file beside a backup that holds the result of its last verification. */
export const VERIFIED_SUFFIX = '.verified';

const verifiedSchema = z.object({
  at: z.string(),
  deep: z.boolean(),
  sha256: z.string(),
  problem: z.nullable(z.string()),
});

/** The result of a verification. */
export type Verified = z.infer<typeof verifiedSchema>;

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
  verified_at: string | null;
  deep: boolean | null;
  problem: string | null;
};

/** The backups of a folder, newest first, unreadable ones last; none where the folder does not exist. */
export async function readBackups(dir: string): Promise<Backup[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith(ARCHIVE_SUFFIX));
  const backups = await Promise.all(names.map((name) => readBackup(dir, name)));
  return backups.sort((a, b) => ((a.created_at ?? '') > (b.created_at ?? '') ? -1 : 1));
}

/** The newest backup of a folder without a known problem. */
export async function newestBackup(dir: string): Promise<Backup | undefined> {
  return (await readBackups(dir)).find(({ problem }) => problem === null);
}

async function readBackup(dir: string, name: string): Promise<Backup> {
  const path = join(dir, name);
  try {
    const archive = await openArchive(path);
    const { header, trailer, size } = archive;
    const verified = await readVerified(archive);
    return {
      name,
      path,
      created_at: header.created_at,
      database: header.database,
      phase: header.phase,
      rows: totalOf(trailer.rows),
      bytes: size,
      encrypted: header.encryption !== null,
      verified_at: verified && verified.problem === null ? verified.at : null,
      deep: verified && verified.problem === null ? verified.deep : null,
      problem: verified?.problem ?? null,
    };
  } catch (error) {
    const unknown = {
      created_at: null,
      database: null,
      phase: null,
      rows: null,
      bytes: null,
      encrypted: null,
    };
    const problem = error instanceof CorruptArchive ? error.problem : 'cannot be read';
    return { name, path, ...unknown, verified_at: null, deep: null, problem };
  }
}

/** The stored verification of an archive; undefined where there is none, or it was made for another file of that name. */
async function readVerified({ path, trailer }: Archive): Promise<Verified | undefined> {
  const text = await readFile(`${path}${VERIFIED_SUFFIX}`, 'utf8').catch(() => '{}');
  try {
    const found = verifiedSchema.safeParse(JSON.parse(text)).data;
    return found?.sha256 === trailer.sha256 ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Stores the result of a verification beside an archive. False where it cannot be written, as on a read-only disk. */
export async function recordVerified(path: string, verified: Verified): Promise<boolean> {
  return writeAtomic(`${path}${VERIFIED_SUFFIX}`, `${JSON.stringify(verified)}\n`, true).then(
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
