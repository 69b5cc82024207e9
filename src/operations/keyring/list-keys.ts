import type { Context } from '../../context.ts';
import { readRing, ringSource } from '../../trading/keyring/load.ts';
import { countUse, inTheClear } from './usage.ts';

/** The keys of the ring, and those that credentials name although the ring lacks them, with what each encrypts. */
export async function listKeys(ctx: Context) {
  const source = await ringSource(ctx);
  const ring = source && (await readRing(ctx, source));
  if (!ring)
    await ctx.io.say(
      source
        ? `There is no key ring yet: ${source.name} does not exist.`
        : 'No key ring is configured: set PINNACLE_KEYRING_FILE.',
    );
  const uses = await countUse(await ctx.source());
  const clear = uses.reduce((sum, use) => sum + use.clear, 0);
  if (clear > 0) await ctx.io.say(inTheClear(clear));
  const unused = { broker_api_key: 0, broker_secret: 0, broker_token: 0, broker_totp: 0, alert_channels: 0 };
  const inRing = [...(ring?.keys.values() ?? [])].map((key) => ({
    ...unused,
    ...uses.find(({ key_id }) => key_id === key.id),
    key_id: key.id,
    state: key === ring?.active ? 'active' : 'decrypt',
    created_at: key.createdAt,
  }));
  const missing = uses.filter(({ key_id }) => key_id === null || !ring?.keys.has(key_id));
  return [
    ...inRing,
    ...missing.map((use) => ({
      ...use,
      state: use.key_id ? 'missing' : 'not encrypted',
      created_at: null,
    })),
  ];
}
