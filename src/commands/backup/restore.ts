import { defineCommand } from '../../cli/command.ts';
import { text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { minuteText } from '../../domain/instant.ts';
import { pluralize } from '../../util/text.ts';

const MAX_SHOWN = 3;

export const restore = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  repeat: 'resumes',
  args: { path: text('PATH', 'a backup file, or its name in the backup folder', 4_096) },
  flags: { trust: toggle('load a backup of unknown origin although the database login is a superuser') },
  fields: {
    database: { type: 'text' },
    created_at: { type: 'time' },
    phase: { type: 'integer' },
    rows: { type: 'integer' },
    kept: { type: 'text' },
    left_out: { type: 'integer' },
  },
  answer: ({ database, created_at, rows, left_out }) => ({
    done: `Restored ${database} as of ${minuteText(created_at)}: ${pluralize(Number(rows), 'row')}${left_out ? `, ${pluralize(Number(left_out), 'statement')} left out` : ''}`,
    next: ['doctor', 'ledger'],
  }),
  examples: ['backup restore prod.pinbackup', 'backup restore prod.pinbackup --confirm pinnacle'],
  details: `Restores into an empty database without confirmation; replaces a database with contents only when you type its name (--confirm
NAME) and nothing else is connected (exit 10). The replaced database is kept under a dated name, which is printed. Nothing
in the file is executed: the schema comes from the scripts of this version, and names from its own list of tables. The rows
are loaded in one transaction and checked against the SHA-256 and row counts before they take over: a process that is
killed leaves either the database as it was or the complete backup. A file that this installation did not write, and that
no configured key authenticates, needs --trust where the login is a superuser. Works for servers and the embedded database, and
from one into the other. Rights of roles that do not exist on this server are skipped and listed.`,
  async run({ path, trust }, ctx: Context) {
    const { restoreBackup } = await import('../../operations/backup/restore-backup.ts');
    const { skipped, keyIds, redis, ...restored } = await restoreBackup(ctx, path, trust);
    for (const statement of skipped.slice(0, MAX_SHOWN)) await ctx.io.say(`left out: ${statement}`);
    if (skipped.length > MAX_SHOWN)
      await ctx.io.say(
        `and ${skipped.length - MAX_SHOWN} more, for roles or rights that are missing here. Run: pinnacle access apply`,
      );
    if (keyIds.length > 0)
      await ctx.io.say(
        `Its credentials need ${pluralize(keyIds.length, 'key')} of the key ring: ${keyIds.join(', ')}.`,
      );
    const { schema } = await ctx.config();
    if (restored.kept)
      await ctx.io.say(
        `The previous ${schema === undefined ? 'database' : 'schema'} is kept as ${restored.kept}.`,
      );
    if (redis && !ctx.dryRun)
      await ctx.io.say('Redis still shows the previous book. Run: pinnacle realtime rebuild');
    return { ...restored, left_out: skipped.length };
  },
});
