import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { keyArgument, keyed, keyFields } from './fields.ts';

export const retire = defineCommand({
  effect: 'destroy',
  phase: 1,
  repeat: 'advances',
  args: { key: keyArgument },
  flags: {},
  fields: keyFields,
  answer: keyed('Retired'),
  examples: ['keys retire 1a2b3c4d --yes'],
  details: `Refused while the key is active or encrypts anything in this database. Backups from before keys rotate still need the
key, and so do other databases that use the same ring: keep a copy of the ring with such backups.`,
  async run({ key }, ctx: Context) {
    const { retireKey } = await import('../../operations/keyring/change-keys.ts');
    return retireKey(ctx, key);
  },
});
