import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { keyArgument, keyed, keyFields } from './fields.ts';

export const activate = defineCommand({
  effect: 'write',
  phase: 1,
  repeat: 'resumes',
  args: { key: keyArgument },
  flags: {},
  fields: keyFields,
  answer: keyed('Activated'),
  examples: ['keys activate 1a2b3c4d'],
  details:
    'Credentials encrypted with older keys are still read with those. Re-encrypt them with: pinnacle keys rotate',
  async run({ key }, ctx: Context) {
    const { activateKey } = await import('../../operations/keyring/change-keys.ts');
    return activateKey(ctx, key);
  },
});
