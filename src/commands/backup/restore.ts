import { defineCommand } from '../../cli/command.ts';
import { text } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';

export const restore = defineCommand({
  effect: 'destroy',
  runsAgain: true,
  args: { path: text('PATH', 'a backup, or its name in the folder of backups', 4_096) },
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
  details: `Into an empty database just so; in the place of another one only when its name is typed out (--confirm NAME). That one is
kept under a dated name, which is printed, and nobody else may be connected (exit 10). The backup is loaded in one
transaction, checked against its SHA-256 and its rows, and only then takes the place: killed at any moment, the database is what
it was, or all of the backup. Of a server and of the embedded database alike, and from one into the other. Rights of roles
that are not here are left out, and named.`,
  async run({ path }, ctx: Context) {
    const [{ locate }, { restoreArchive }] = await Promise.all([
      import('../../operations/backup/catalog.ts'),
      import('../../operations/backup/restore-archive.ts'),
    ]);
    const file = await locate(ctx, path);
    const progress = await startProgress(ctx.io, 'restoring');
    const { header, trailer, database, kept, skipped } = await restoreArchive(ctx, file).finally(() =>
      progress.stop(),
    );
    for (const statement of skipped.slice(0, 3)) await ctx.io.say(`left out: ${statement}`);
    if (skipped.length > 3)
      await ctx.io.say(
        `and ${skipped.length - 3} more for roles or rights that are not here: pinnacle access apply`,
      );
    if (header.key_ids.length > 0)
      await ctx.io.say(
        `Its credentials need ${pluralize(header.key_ids.length, 'key')} of the key ring: ${header.key_ids.join(', ')}.`,
      );
    if (kept) await ctx.io.say(`The database before is kept as ${kept}.`);
    if ((await ctx.config()).redis && !ctx.dryRun)
      await ctx.io.say('Redis still shows the book before: pinnacle realtime rebuild');
    const rows = Object.values(trailer.rows).reduce((sum, n) => sum + n, 0);
    return {
      database,
      created_at: header.created_at,
      phase: header.phase,
      rows,
      kept,
      left_out: skipped.length,
    };
  },
});
