import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';

export const status = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 1,
  args: {},
  flags: {},
  fields: {
    key_id: { type: 'text' },
    state: { type: 'text' },
    created_at: { type: 'time' },
    broker_api_key: { type: 'integer' },
    broker_secret: { type: 'integer' },
    broker_token: { type: 'integer' },
  },
  examples: ['keys status', 'keys status --json key_id,state'],
  details: `States: active encrypts, decrypt only reads; missing is used by credentials but not in the ring, so that they cannot be
read. A row without a key counts credentials that are not encrypted.`,
  async run(_input, ctx: Context) {
    const [{ countUse }, { readRing, ringSource }] = await Promise.all([
      import('../../operations/keyring/usage.ts'),
      import('../../operations/keyring/load.ts'),
    ]);
    const source = await ringSource(ctx);
    const ring = source && (await readRing(ctx, source));
    if (!ring)
      await ctx.io.say(
        source
          ? `There is no key ring yet: ${source.name} does not exist.`
          : 'No key ring is configured: set PINNACLE_KEYRING_FILE.',
      );
    const uses = await countUse(await ctx.db());
    const none = { broker_api_key: 0, broker_secret: 0, broker_token: 0 };
    const known = [...(ring?.keys.values() ?? [])].map((key) => ({
      ...none,
      ...uses.find(({ key_id }) => key_id === key.id),
      key_id: key.id,
      state: key === ring?.active ? 'active' : 'decrypt',
      created_at: key.createdAt,
    }));
    const foreign = uses.filter(({ key_id }) => key_id === null || !ring?.keys.has(key_id));
    return [
      ...known,
      ...foreign.map((use) => ({
        ...use,
        state: use.key_id ? 'missing' : 'not encrypted',
        created_at: null,
      })),
    ];
  },
});
