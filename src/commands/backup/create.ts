import { defineCommand } from '../../cli/command.ts';
import { optional, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';

export const create = defineCommand({
  effect: 'write',
  roles: ['owner'],
  singleInstance: true,
  writesTo: 'file',
  repeat: 'resumes',
  phase: 1,
  args: {},
  flags: {
    output: optional(text('PATH', 'the file to write (default: a dated name in the backup folder)', 4_096)),
    encrypt: toggle('encrypt with the first key of backup.keyFile'),
  },
  fields: {
    file: { type: 'text' },
    database: { type: 'text' },
    created_at: { type: 'time' },
    phase: { type: 'integer' },
    rows: { type: 'integer', optional: true },
    bytes: { type: 'integer', optional: true },
    encrypted: { type: 'boolean' },
    sha256: { type: 'text', optional: true },
  },
  examples: [
    'backup create',
    'backup create --encrypt',
    'backup create --output /mnt/backups/before-rollout.pinbackup',
  ],
  details: `Backs up the whole database as of one moment, without blocking others: a server through pg_dump of its version or newer,
the embedded database through a dump of the same form. The file is written atomically and readable by you alone. It holds
broker credentials as they are stored, encrypted, and hashes of API keys: no secret in plain text unless the database has
one. A server is read over migrateUrl where that is set.`,
  async run({ output, encrypt }, ctx: Context) {
    const { createBackup } = await import('../../operations/backup/create-backup.ts');
    return createBackup(ctx, { output, encrypt });
  },
});
