import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { keyArgument, keyFields } from './fields.ts';

export const retire = defineCommand({
  effect: 'destroy',
  phase: 1,
  repeat: 'advances',
  args: { key: keyArgument },
  flags: {},
  fields: keyFields,
  examples: ['keys retire 1a2b3c4d --yes'],
  details: `Refused while the key is active or encrypts anything in this database. A backup from before keys rotate still needs the
key, and so does another database of the same ring: keep a copy of the ring with such backups.`,
  async run({ key: id }, ctx: Context) {
    const [{ editRing }, { countUse, keyOf }, { lockKeysExclusive }] = await Promise.all([
      import('../../operations/keyring/edit.ts'),
      import('../../operations/keyring/usage.ts'),
      import('../../operations/keyring/locks.ts'),
    ]);
    await ctx.agree(`Retire the key ${id}, so that nothing it encrypted can be read any more?`);
    return editRing(ctx, async (ring, trx, source) => {
      const { ring: known, key } = keyOf(ring, id, source);
      if (known.active === key)
        throw refused(
          'KEY_ACTIVE',
          `The key ${id} is active.`,
          'Activate another one first: pinnacle keys activate KEY',
        );
      await lockKeysExclusive(trx);
      const used = (await countUse(trx.db)).find(({ key_id }) => key_id === id);
      if (used)
        throw refused(
          'KEY_IN_USE',
          `The key ${id} still encrypts ${pluralize(used.total, 'credential')}.`,
          'Encrypt them anew first: pinnacle keys rotate',
        );
      const keys = new Map([...known.keys].filter(([other]) => other !== id));
      return { ring: { ...known, keys }, key, body: { retired: true } };
    });
  },
});
