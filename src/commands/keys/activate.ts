import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { keyArgument, keyFields } from './fields.ts';

export const activate = defineCommand({
  effect: 'write',
  phase: 1,
  repeat: 'resumes',
  args: { key: keyArgument },
  flags: {},
  fields: keyFields,
  examples: ['keys activate 1a2b3c4d'],
  details: 'What older keys encrypted is still read with them. Encrypt it anew with: pinnacle keys rotate',
  async run({ key: id }, ctx: Context) {
    const [{ editRing }, { keyOf }] = await Promise.all([
      import('../../operations/keyring/edit.ts'),
      import('../../operations/keyring/usage.ts'),
    ]);
    return editRing(ctx, async (ring, _trx, source) => {
      const { ring: known, key } = keyOf(ring, id, source);
      const body = known.active === key ? null : { active: true, before: known.active.id };
      return { ring: { ...known, active: key }, key, body };
    });
  },
});
