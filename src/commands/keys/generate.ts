import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { keyed, keyFields } from './fields.ts';

export const generate = defineCommand({
  effect: 'write',
  phase: 1,
  repeat: 'advances',
  args: {},
  flags: {},
  fields: keyFields,
  answer: keyed('Generated'),
  examples: ['keys generate', 'keys generate --json key_id'],
  details: `Creates the file of the key ring (PINNACLE_KEYRING_FILE) where there is none; its first key is active at once. A later
key only decrypts until keys activate, so that the ring can be copied to every machine first. Keep a copy of the file in a
safe place, apart from backups of the database: without it no credential can be read.`,
  async run(_input, ctx: Context) {
    const { generateKey } = await import('../../operations/keyring/change-keys.ts');
    return generateKey(ctx);
  },
});
