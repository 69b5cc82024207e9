import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { integer } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import { backupFields } from './fields.ts';

const A_DAY = 86_400_000;
const DRAFT = /\.pinbackup\.[0-9a-f-]{36}$/;

export const prune = defineCommand({
  effect: 'destroy',
  alone: true,
  writesTo: 'file',
  runsAgain: true,
  args: {},
  flags: { keep: integer('N', 'how many of the newest stay', 1) },
  fields: backupFields,
  examples: ['backup prune --keep 14 --yes', 'backup prune --keep 14 --dry-run'],
  details: `Removes the oldest backups of the folder of backups beyond the newest N, and prints them. The last one that was verified
stays, however old it is, and so does what has a problem: that is for somebody to look at. What a killed process left half written
goes, too, once nobody has written to it for a day.`,
  async run({ keep }, ctx: Context) {
    const { readBackups, VERIFIED_SUFFIX } = await import('../../operations/backup/catalog.ts');
    const { dir } = (await ctx.config()).backup;
    if (!ctx.dryRun) await removeDrafts(dir, ctx.now().getTime() - A_DAY);
    const good = (await readBackups(dir)).filter(({ problem }) => problem === null);
    const proved = good.find(({ verified_at }) => verified_at !== null);
    const going = good.slice(keep).filter((backup) => backup !== proved);
    if (going.length === 0) {
      await ctx.io.say(`Nothing to do: there are ${pluralize(good.length, 'backup')}.`);
      return [];
    }
    await ctx.agree(
      `Remove ${pluralize(going.length, 'backup')}, the newest of them of ${going[0]?.created_at}?`,
    );
    if (ctx.dryRun) return going;
    for (const { path } of [...going].reverse()) {
      ctx.signal.throwIfAborted();
      await rm(path);
      await rm(`${path}${VERIFIED_SUFFIX}`, { force: true });
    }
    return going;
  },
});

/** Removes what never became a backup, and was last written to before a time. */
async function removeDrafts(dir: string, before: number): Promise<void> {
  const drafts = (await readdir(dir).catch(() => [])).filter((name) => DRAFT.test(name));
  for (const path of drafts.map((name) => join(dir, name)))
    if ((await stat(path)).mtimeMs < before) await rm(path, { force: true });
}
