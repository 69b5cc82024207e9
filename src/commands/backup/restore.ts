import { defineCommand } from '../../cli/command.ts';
import { text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';

const MAX_SHOWN = 3;

export const restore = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  repeat: 'resumes',
  args: { path: text('PATH', 'a backup file, or its name in the backup folder', 4_096) },
  flags: {},
  fields: {
    database: { type: 'text' },
    created_at: { type: 'time' },
    phase: { type: 'integer' },
    rows: { type: 'integer' },
    kept: { type: 'text' },
    left_out: { type: 'integer' },
  },
  examples: ['backup restore prod.pinbackup', 'backup restore prod.pinbackup --confirm pinnacle'],
  details: `Restores into an empty database without confirmation; replaces a database with contents only when you type its name (--confirm
NAME) and nothing else is connected (exit 10). The replaced database is kept under a dated name, which is printed. The
backup is loaded in one transaction and checked against its SHA-256 and row counts before it takes over: a process
that is killed leaves either the database as it was or the complete backup. Works for servers and the embedded database, and
from one into the other. Rights of roles that do not exist on this server are skipped and listed.`,
  async run({ path }, ctx: Context) {
    const { restoreBackup } = await import('../../operations/backup/restore-backup.ts');
    const { skipped, keyIds, redis, ...restored } = await restoreBackup(ctx, path);
    for (const statement of skipped.slice(0, MAX_SHOWN)) await ctx.io.say(`left out: ${statement}`);
    if (skipped.length > MAX_SHOWN)
      await ctx.io.say(
        `and ${skipped.length - MAX_SHOWN} more, for roles or rights that are missing here. Run: pinnacle access apply`,
      );
    if (keyIds.length > 0)
      await ctx.io.say(
        `Its credentials need ${pluralize(keyIds.length, 'key')} of the key ring: ${keyIds.join(', ')}.`,
      );
    if (restored.kept) await ctx.io.say(`The previous database is kept as ${restored.kept}.`);
    if (redis && !ctx.dryRun)
      await ctx.io.say('Redis still shows the previous book. Run: pinnacle realtime rebuild');
    return { ...restored, left_out: skipped.length };
  },
});
