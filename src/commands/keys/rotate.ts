import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { encrypted, encryptedFields } from './fields.ts';

export const rotate = defineCommand({
  effect: 'write',
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  args: {},
  flags: {},
  fields: encryptedFields,
  answer: encrypted,
  examples: ['keys rotate', 'keys rotate --dry-run'],
  details: `Runs online, 500 users at a time, each batch with its audit row. After an interruption, run it again: it continues with
what is left. Credentials that cannot be read are left unchanged and named; the command then exits 11.`,
  async run(_input, ctx: Context) {
    const { rotateKeys } = await import('../../operations/keyring/rotate-keys.ts');
    return rotateKeys(ctx);
  },
});
