import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../../context.ts';
import { formatDuration } from '../../util/duration.ts';
import { pluralize } from '../../util/text.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Check } from './check.ts';

const DAY_MS = 86_400_000;
const GIB_BYTES = 2 ** 30;

/** The room on the disk of a folder, in bytes. */
export interface DiskSpace {
  folder: string;
  free: number;
  size: number;
}

/** Whether a disk has room: a warning under a tenth and 20 GiB, a failure under a hundredth or 100 MiB. */
export function diskVerdict(rooms: readonly DiskSpace[]): Verdict {
  const [least] = [...rooms].sort((a, b) => a.free - b.free);
  if (!least) return ok('no folder of this machine is used; the disk of the server is its own matter');
  const { folder, free, size } = least;
  const detail = `${(free / GIB_BYTES).toFixed(1)} of ${(size / GIB_BYTES).toFixed(1)} GiB free for ${folder}`;
  if (free < size / 100 || free < GIB_BYTES / 10) return fail(detail, 'Make room.');
  return free < size / 10 && free < 20 * GIB_BYTES ? warn(detail, 'Make room.') : ok(detail);
}

export const disk: Check = {
  async look({ ctx, kind }) {
    const { dataDir, backup } = await ctx.config();
    const folders = [...(kind === 'embedded' ? [dataDir] : []), backup.dir];
    return diskVerdict(await Promise.all(folders.map(diskSpaceOf)));
  },
};

/** The room where a folder is, or will be. */
async function diskSpaceOf(folder: string): Promise<DiskSpace> {
  const found = await statfs(folder).catch(() => undefined);
  if (found) return { folder, free: found.bavail * found.bsize, size: found.blocks * found.bsize };
  const parent = dirname(folder);
  if (parent === folder) return { folder, free: Number.POSITIVE_INFINITY, size: 0 };
  return { ...(await diskSpaceOf(parent)), folder };
}

/** How old the newest backup may be: a night, and some. */
const BACKUP_AGE = 26 * 3_600_000;

/** Whether there is a backup of last night; `age` in milliseconds, undefined where there is none. */
function backupVerdict(age: number | undefined, dir: string): Verdict {
  if (age === undefined) return warn(`none in ${dir}`, 'pinnacle backup create');
  const detail = `the newest good one is ${formatDuration(age)} old`;
  return age > BACKUP_AGE ? warn(detail, 'pinnacle backup create') : ok(detail);
}

export const backup: Check = {
  async look({ ctx }) {
    const { newestBackup } = await import('../backup/catalog.ts');
    const { dir } = (await ctx.config()).backup;
    const created = (await newestBackup(dir))?.created_at;
    return backupVerdict(created ? ctx.now().getTime() - Date.parse(created) : undefined, dir);
  },
};

export const roles: Check = {
  phase: 1,
  async look({ db, kind }) {
    if (kind === 'embedded') return ok('the embedded database has one user');
    const { diffGrants } = await import('../access/diff-grants.ts');
    const steps = await db.transaction().setAccessMode('read only').execute(diffGrants);
    const excess = steps.filter(({ change }) => change === 'excess').length;
    if (steps.length === 0) return ok('as docs/security.md has them');
    return warn(
      `${pluralize(steps.length, 'grant')} to change, ${excess} of them too much`,
      'pinnacle access plan',
    );
  },
};

const KEY_AGE = 365 * DAY_MS;

/** Whether the active key is to be replaced; `age` in milliseconds. */
export function keyAgeVerdict(age: number): Verdict {
  const detail = `the active key is ${formatDuration(age)} old`;
  return age > KEY_AGE ? warn(detail, 'pinnacle keys generate, keys activate, keys rotate') : ok(detail);
}

export const keyring: Check = {
  async look({ ctx }) {
    const { readRing, ringSource } = await import('../keyring/load.ts');
    const source = await ringSource(ctx);
    if (!source) return ok('none is configured');
    const ring = await readRing(ctx, source).catch((error) => problemOf(ctx, error));
    if (typeof ring === 'string') return fail(ring, 'pinnacle keys status');
    if (!ring) return warn(`${source.name} does not exist`, 'pinnacle keys generate');
    return keyAgeVerdict(ctx.now().getTime() - Date.parse(ring.active.createdAt));
  },
};

async function problemOf(ctx: Context, error: unknown): Promise<string> {
  const { message } = (await ctx.explain(error)) as Error;
  return message.replace(/\.$/, '');
}
