import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { keyFields } from './fields.ts';

export const generate = defineCommand({
  effect: 'write',
  phase: 1,
  repeat: 'advances',
  args: {},
  flags: {},
  fields: keyFields,
  examples: ['keys generate', 'keys generate --json key_id'],
  details: `Makes the file of the key ring (PINNACLE_KEYRING_FILE) where there is none; its first key is active at once. A later
key only decrypts until keys activate, so that the ring can reach every machine first. Keep a copy of the file in a
safe place, apart from backups of the database: without it no credential can be read.`,
  async run(_input, ctx: Context) {
    const [{ editRing }, { generateKey }] = await Promise.all([
      import('../../operations/keyring/edit.ts'),
      import('../../platform/secrets/key-ring.ts'),
    ]);
    return editRing(ctx, async (ring) => {
      const key = generateKey(ctx.now(), ring);
      const keys = new Map([...(ring?.keys ?? []), [key.id, key]]);
      return { ring: { keys, active: ring?.active ?? key }, key, body: { active: ring === undefined } };
    });
  },
});
