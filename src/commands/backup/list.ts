import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { backupFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  args: {},
  flags: {},
  fields: backupFields,
  examples: ['backup list', 'backup list --json name,created_at,verified_at'],
  details: `The backups of the folder of backups (backup.dir), the newest first; what a verification found against one, or that its
end is cut, stands as its problem.`,
  async run(_input, ctx: Context) {
    const { readBackups } = await import('../../operations/backup/catalog.ts');
    return readBackups((await ctx.config()).backup.dir);
  },
});
