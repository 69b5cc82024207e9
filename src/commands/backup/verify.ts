import { defineCommand } from '../../cli/command.ts';
import { text, toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';

export const verify = defineCommand({
  effect: 'read',
  roles: ['owner'],
  verdict: true,
  args: { path: text('PATH', 'a backup file, or its name in the backup folder', 4_096) },
  flags: {
    deep: toggle('also restore into a scratch database and verify the book and the audit log there'),
    trust: toggle('with --deep: load a backup of unknown origin although the database login is a superuser'),
  },
  fields: {
    file: { type: 'text' },
    database: { type: 'text' },
    created_at: { type: 'time' },
    phase: { type: 'integer' },
    rows: { type: 'integer' },
    bytes: { type: 'integer' },
    encrypted: { type: 'boolean' },
    verified_at: { type: 'time' },
    problems: { type: 'rows', of: { problem: { type: 'text' }, detail: { type: 'text' } } },
    faults: {
      type: 'rows',
      of: { check: { type: 'text' }, name: { type: 'text' }, total: { type: 'integer' } },
    },
  },
  examples: [
    'backup verify pinnacle-20260131T033000000Z.pinbackup',
    'backup verify /mnt/backups/prod.pinbackup --deep',
  ],
  details: `Reads the whole backup: authenticates and decrypts it, compares its SHA-256 and the number of rows of each table. Exits 6 with what is
wrong: altered, cut, not authenticated, a missing table, a missing key. With --deep it is also restored into a scratch
database on the configured server (which needs CREATEDB), or into a scratch folder where that is embedded: the restored
rows must be the same, and the checks of doctor ledger and audit verify must find nothing but the faults that the book had
when it was backed up, which are listed and are no finding. The scratch database is removed. The time of verification is
stored beside the file.`,
  async run({ path, deep, trust }, ctx: Context) {
    const { verifyBackup } = await import('../../operations/backup/verify-backup.ts');
    const { recorded, ...result } = await verifyBackup(ctx, path, { deep, trust });
    if (!recorded) await ctx.io.say('The result could not be stored beside the backup.');
    return result.problems.length > 0 ? new Finding(result) : result;
  },
});
