import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../../context.ts';
import { formatDuration } from '../../util/duration.ts';
import { pluralize } from '../../util/text.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Check } from './check.ts';

/** Roles, keys, backups and the disk. */
export const HOST_CHECKS: readonly Check[] = [
  {
    name: 'roles',
    isSlow: true,
    phase: 1,
    embedded: 'the embedded database has one user',
    async run({ db }) {
      const { diffGrants } = await import('../access/diff-grants.ts');
      const steps = await db.transaction().setAccessMode('read only').execute(diffGrants);
      const excess = steps.filter(({ change }) => change === 'excess').length;
      if (steps.length === 0) return ok('as listed in docs/security.md');
      return warn(`${pluralize(steps.length, 'grant')} to change, ${excess} of them in excess`);
    },
    help: 'pinnacle access plan',
  },
  {
    name: 'keyring',
    async alone({ ctx }) {
      const { readRing, ringSource } = await import('../../trading/keyring/load.ts');
      const source = await ringSource(ctx);
      if (!source) return ok('none is configured');
      const ring = await readRing(ctx, source).catch((error) => problemOf(ctx, error));
      if (typeof ring === 'string') return fail(ring, 'pinnacle keys status');
      if (!ring) return warn(`${source.name} does not exist`, 'pinnacle keys generate');
      return keyAgeVerdict(ctx.now().getTime() - Date.parse(ring.active.createdAt));
    },
    help: 'pinnacle keys generate, keys activate, keys rotate',
  },
  {
    name: 'backup',
    async alone({ ctx }) {
      const { newestBackup } = await import('../backup/catalog.ts');
      const { dir } = (await ctx.config()).backup;
      const created = (await newestBackup(ctx))?.created_at;
      if (!created) return warn(`none in ${dir}`);
      const age = ctx.now().getTime() - Date.parse(created);
      const detail = `the newest good one is ${formatDuration(age)} old`;
      return age > BACKUP_LATE_MS ? warn(detail) : ok(detail);
    },
    help: 'pinnacle backup create',
  },
  {
    name: 'disk',
    async alone({ ctx, kind }) {
      const { dataDir, backup } = await ctx.config();
      const folders = [...(kind === 'embedded' ? [dataDir] : []), backup.dir];
      return diskVerdict(await Promise.all(folders.map(diskSpaceOf)));
    },
    help: 'Free some space.',
  },
];

const DAY_MS = 86_400_000;
/** A night and two hours. */
const BACKUP_LATE_MS = 26 * 3_600_000;
const KEY_LATE_MS = 365 * DAY_MS;
const GIB_BYTES = 2 ** 30;

/** Whether the active key is due for rotation; `age` in milliseconds. */
export function keyAgeVerdict(age: number): Verdict {
  const detail = `the active key is ${formatDuration(age)} old`;
  return age > KEY_LATE_MS ? warn(detail) : ok(detail);
}

async function problemOf(ctx: Context, error: unknown): Promise<string> {
  const { message } = (await ctx.explain(error)) as Error;
  return message.replace(/\.$/, '');
}

/** The space on the disk of a folder, in bytes. */
export interface DiskSpace {
  folder: string;
  free: number;
  size: number;
}

/** Whether a disk has room: a warning under a tenth and 20 GiB, a failure under a hundredth or 100 MiB. */
export function diskVerdict(spaces: readonly DiskSpace[]): Verdict {
  const [least] = [...spaces].sort((a, b) => a.free - b.free);
  if (!least) return ok("no local data folder; the server's disk is not checked");
  const { folder, free, size } = least;
  const detail = `${(free / GIB_BYTES).toFixed(1)} of ${(size / GIB_BYTES).toFixed(1)} GiB free for ${folder}`;
  if (free < size / 100 || free < GIB_BYTES / 10) return fail(detail);
  return free < size / 10 && free < 20 * GIB_BYTES ? warn(detail) : ok(detail);
}

/** The space where a folder is, or will be created. */
async function diskSpaceOf(folder: string): Promise<DiskSpace> {
  const found = await statfs(folder).catch(() => undefined);
  if (found) return { folder, free: found.bavail * found.bsize, size: found.blocks * found.bsize };
  const parent = dirname(folder);
  if (parent === folder) return { folder, free: Number.POSITIVE_INFINITY, size: 0 };
  return { ...(await diskSpaceOf(parent)), folder };
}
