import type { Context } from '../../context.ts';
import { generateKey as createKey, type Ring } from '../../platform/secrets/key-ring.ts';
import { lockKeysExclusive } from '../../trading/keyring/locks.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { type EditedKey, editRing } from './edit.ts';
import { countUse, requireKey } from './usage.ts';

/** Adds a new key to the ring, creating its file where there is none; only the first key is active at once. */
export async function generateKey(ctx: Context): Promise<EditedKey> {
  return editRing(ctx, async (ring) => {
    const key = createKey(ctx.now(), ring);
    const keys = new Map([...(ring?.keys ?? []), [key.id, key]]);
    return { ring: { keys, active: ring?.active ?? key }, key, body: { active: ring === undefined } };
  });
}

/** Makes a key of the ring the one that encrypts. Throws KEYRING_MISSING (exit 11) or KEY_NOT_FOUND (exit 3). */
export async function activateKey(ctx: Context, id: string): Promise<EditedKey> {
  return editRing(ctx, async (current, _trx, source) => {
    const { ring, key } = requireKey(current, id, source);
    const body = ring.active === key ? null : { active: true, before: ring.active.id };
    return { ring: { ...ring, active: key }, key, body };
  });
}

/** Removes a key from the ring, after a confirmation. Throws KEY_ACTIVE or KEY_IN_USE (exit 5). */
export async function retireKey(ctx: Context, id: string): Promise<EditedKey> {
  await ctx.confirm(`Retire the key ${id}? Nothing that it encrypted can be decrypted any more.`);
  return editRing(ctx, async (current, trx, source) => {
    const { ring, key } = requireKey(current, id, source);
    if (ring.active === key)
      throw refused('KEY_ACTIVE', `The key ${id} is active.`, `First: ${replacementFor(ring)}`);
    await lockKeysExclusive(trx);
    const used = (await countUse(trx)).find(({ key_id }) => key_id === id);
    if (used)
      throw refused(
        'KEY_IN_USE',
        `The key ${id} still encrypts ${pluralize(used.total, 'credential')}.`,
        'Re-encrypt them first: pinnacle keys rotate',
      );
    const keys = new Map([...ring.keys].filter(([other]) => other !== id));
    return { ring: { ...ring, keys }, key, body: { retired: true } };
  });
}

/** The command that gives a ring another active key. */
function replacementFor({ keys, active }: Ring): string {
  const newest = [...keys.keys()].filter((id) => id !== active.id).at(-1);
  return newest === undefined ? 'pinnacle keys generate' : `pinnacle keys activate ${newest}`;
}
