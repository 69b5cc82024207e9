import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  create: verb('Back the database up into a file', async () => (await import('./create.ts')).create),
  list: verb('List the backups', async () => (await import('./list.ts')).list),
  verify: verb(
    'Read a backup through, or prove it by restoring it',
    async () => (await import('./verify.ts')).verify,
  ),
  restore: verb('Bring a backup back', async () => (await import('./restore.ts')).restore),
  prune: verb('Remove old backups', async () => (await import('./prune.ts')).prune),
  status: verb(
    'Whether there is a backup that is new enough',
    async () => (await import('./status.ts')).status,
  ),
};
