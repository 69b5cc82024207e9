import { defineCommand } from '../../cli/command.ts';
import { optional, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';

const MAX_SHOWN = 10;

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
    faults: { type: 'integer', optional: true },
    left_out: { type: 'integer' },
    sha256: { type: 'text', optional: true },
  },
  answer: ({ file, rows, bytes, encrypted }) => ({
    done: `Wrote ${file}${rows === undefined ? '' : `: ${pluralize(Number(rows), 'row')}, ${pluralize(Number(bytes), 'byte')}`}, ${encrypted ? 'encrypted' : 'not encrypted'}`,
    next: ['backup', 'verify', file],
  }),
  examples: [
    'backup create',
    'backup create --encrypt',
    'backup create --output /mnt/backups/before-rollout.pinbackup',
  ],
  details: `Backs up Pinnacle's tables as of one moment, without blocking others: rows and values, no SQL. Other objects of the database
are left out and named. The file is written atomically, readable by you alone, and authenticated with the first backup key,
else with a key of this installation. It holds broker credentials as they are stored, encrypted, and hashes of API keys: no
secret in plain text unless the database has one. The ledger and the audit log are checked meanwhile; the number of
invariants that do not hold is recorded as faults. A server is read over migrateUrl where that is set.`,
  async run({ output, encrypt }, ctx: Context) {
    const { createBackup } = await import('../../operations/backup/create-backup.ts');
    const { foreign, ...made } = await createBackup(ctx, { output, encrypt });
    for (const object of foreign.slice(0, MAX_SHOWN)) await ctx.io.say(`left out: ${object}`);
    if (foreign.length > MAX_SHOWN)
      await ctx.io.say(`and ${foreign.length - MAX_SHOWN} more, not Pinnacle's`);
    if ('faults' in made && made.faults > 0)
      await ctx.io.say(
        `The backup is complete, but ${pluralize(made.faults, 'check')} of the book found faults. See: pinnacle doctor ledger`,
      );
    return { ...made, left_out: foreign.length };
  },
});
