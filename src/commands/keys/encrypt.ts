import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { encrypted, encryptedFields } from './fields.ts';

export const encrypt = defineCommand({
  effect: 'write',
  multiStep: true,
  phase: 4,
  repeat: 'resumes',
  args: {},
  flags: {},
  fields: encryptedFields,
  answer: encrypted,
  examples: ['keys encrypt', 'keys encrypt --dry-run'],
  details: `For credentials that another service stored as they are. Encrypts each of them with the active key, byte by byte, and leaves
every other alone. Runs online, 500 users at a time, each batch with its audit row; a value that changes meanwhile is not overwritten.
After an interruption, run it again: it continues with what is left. --dry-run counts. Another service must be able to read an
envelope first: see docs/security.md. Backups and logs from before still hold the plain values.`,
  async run(_input, ctx: Context) {
    const { encryptCredentials } = await import('../../operations/keyring/rotate-keys.ts');
    return encryptCredentials(ctx);
  },
});
