import { defineCommand } from '../../cli/command.ts';
import { integer } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { backupFields } from './fields.ts';

export const prune = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  singleInstance: true,
  writesTo: 'file',
  repeat: 'resumes',
  args: {},
  flags: { keep: integer('N', 'how many of the newest backups to keep', 1) },
  fields: backupFields,
  examples: ['backup prune --keep 14 --yes', 'backup prune --keep 14 --dry-run'],
  details: `Removes the oldest backups in the backup folder beyond the newest N, and prints them. The last verified one is kept, whatever its
age, and so is every backup with a problem: look at those yourself. Partial files that a killed process left are removed
after a day.`,
  async run({ keep }, ctx: Context) {
    const { pruneBackups } = await import('../../operations/backup/prune-backups.ts');
    return pruneBackups(ctx, keep);
  },
});
