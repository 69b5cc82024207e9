import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../../context.ts';
import { formatDuration } from '../../util/duration.ts';
import { count } from '../../util/text.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Check } from './check.ts';

const DAY = 86_400_000;
const GIB = 2 ** 30;

/** The room on the disk of a folder, in bytes. */
export interface Room {
  folder: string;
  free: number;
  size: number;
}

/** Whether a disk has room: a warning under a tenth and 20 GiB, a failure under a hundredth or 100 MiB. */
export function judgeRoom(rooms: readonly Room[]): Verdict {
  const [least] = [...rooms].sort((a, b) => a.free - b.free);
  if (!least) return ok('no folder of this machine is used; the disk of the server is its own matter');
  const { folder, free, size } = least;
  const detail = `${(free / GIB).toFixed(1)} of ${(size / GIB).toFixed(1)} GiB free for ${folder}`;
  if (free < size / 100 || free < GIB / 10) return fail(detail, 'Make room.');
  return free < size / 10 && free < 20 * GIB ? warn(detail, 'Make room.') : ok(detail);
}

export const disk: Check = {
  async look({ ctx, kind }) {
    const { dataDir, backup } = await ctx.config();
    const folders = [...(kind === 'embedded' ? [dataDir] : []), backup.dir];
    return judgeRoom(await Promise.all(folders.map(roomOf)));
  },
};

/** The room where a folder is, or will be. */
async function roomOf(folder: string): Promise<Room> {
  const found = await statfs(folder).catch(() => undefined);
  if (found) return { folder, free: found.bavail * found.bsize, size: found.blocks * found.bsize };
  const parent = dirname(folder);
  if (parent === folder) return { folder, free: Number.POSITIVE_INFINITY, size: 0 };
  return { ...(await roomOf(parent)), folder };
}

/** How old the newest backup may be: a night, and some. */
const BACKUP_AGE = 26 * 3_600_000;

/** Whether there is a backup of last night; `age` in milliseconds, undefined where there is none. */
function judgeBackup(age: number | undefined, dir: string): Verdict {
  if (age === undefined) return warn(`none in ${dir}`, 'pinnacle backup create');
  const detail = `the newest good one is ${formatDuration(age)} old`;
  return age > BACKUP_AGE ? warn(detail, 'pinnacle backup create') : ok(detail);
}

export const backup: Check = {
  async look({ ctx }) {
    const { newestBackup } = await import('../backup/catalog.ts');
    const { dir } = (await ctx.config()).backup;
    const created = (await newestBackup(dir))?.created_at;
    return judgeBackup(created ? ctx.now().getTime() - Date.parse(created) : undefined, dir);
  },
};

export const roles: Check = {
  phase: 1,
  async look({ db, kind }) {
    if (kind === 'embedded') return ok('the embedded database has one user');
    const { differences } = await import('../access/diff-grants.ts');
    const steps = await db.transaction().setAccessMode('read only').execute(differences);
    const excess = steps.filter(({ change }) => change === 'excess').length;
    if (steps.length === 0) return ok('as docs/security.md has them');
    return warn(
      `${count(steps.length, 'grant')} to change, ${excess} of them too much`,
      'pinnacle access plan',
    );
  },
};

const KEY_AGE = 365 * DAY;

/** Whether the active key is to be replaced; `age` in milliseconds. */
export function judgeKeyAge(age: number): Verdict {
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
    return judgeKeyAge(ctx.now().getTime() - Date.parse(ring.active.createdAt));
  },
};

async function problemOf(ctx: Context, error: unknown): Promise<string> {
  const { message } = (await ctx.explain(error)) as Error;
  return message.replace(/\.$/, '');
}
