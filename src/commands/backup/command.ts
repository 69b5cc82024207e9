import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  create: verb('Back up the database to a file', async () => (await import('./create.ts')).create),
  list: verb('List the backups', async () => (await import('./list.ts')).list),
  verify: verb(
    'Verify a backup, optionally by restoring it',
    async () => (await import('./verify.ts')).verify,
  ),
  restore: verb('Restore a backup', async () => (await import('./restore.ts')).restore),
  prune: verb('Remove old backups', async () => (await import('./prune.ts')).prune),
  status: verb('Check that a recent backup exists', async () => (await import('./status.ts')).status),
};
