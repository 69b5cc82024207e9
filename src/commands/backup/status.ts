import { defineCommand } from '../../cli/command.ts';
import { duration } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { formatDuration } from '../../util/duration.ts';
import { backupFields } from './fields.ts';

export const status = defineCommand({
  effect: 'read',
  roles: ['owner'],
  verdict: true,
  args: {},
  flags: { maxAge: duration('how old the newest backup may be') },
  fields: backupFields,
  examples: ['backup status --max-age 26h', 'backup status --max-age 26h --json name,created_at,verified_at'],
  details: `Shows the newest backup in the backup folder that has no known problem. Exits 6 if it is older than --max-age, or if there is none:
for cron, which mails stderr.`,
  async run({ maxAge }, ctx: Context) {
    const { newestBackup } = await import('../../operations/backup/catalog.ts');
    const { dir } = (await ctx.config()).backup;
    const newest = await newestBackup(ctx);
    if (!newest) {
      await ctx.io.say(`There is no good backup in ${dir}.`);
      return new Finding([]);
    }
    const ageMs = ctx.now().getTime() - Date.parse(newest.created_at ?? '');
    if (ageMs <= maxAge) return [newest];
    await ctx.io.say(`The newest good backup is ${formatDuration(ageMs)} old.`);
    return new Finding([newest]);
  },
});
