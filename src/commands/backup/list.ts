import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { backupFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  roles: ['owner'],
  args: {},
  flags: {},
  fields: backupFields,
  madeBy: 'backup create',
  examples: ['backup list', 'backup list --json name,created_at,verified_at'],
  details: `Lists the backups in the backup folder (backup.dir), newest first. The problem column shows what a verification found, that the
file is truncated, that it is no regular file, or, where a backup key is configured, that it is not authenticated with one.`,
  async run(_input, ctx: Context) {
    const { readBackups } = await import('../../operations/backup/catalog.ts');
    return readBackups(ctx);
  },
});
