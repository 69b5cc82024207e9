import { hkdfSync, randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { type Instant, instant } from '../../domain/instant.ts';
import { parseJson } from '../../util/json.ts';

/** A key of the ring with the keys derived from it, one per purpose. */
export interface RingKey {
  /** The first 8 hex digits of a hash of the key: the same key has the same id in every ring. */
  id: string;
  key: Buffer;
  createdAt: Instant;
  cipherKey: Buffer;
  fingerprintKey: Buffer;
}

/** The keys that decrypt, and the active one that encrypts. */
export interface Ring {
  keys: ReadonlyMap<string, RingKey>;
  active: RingKey;
}

const KEY_BYTES = 32;

const ringFile = z.strictObject({
  version: z.literal(1),
  active: z.string(),
  keys: z.record(
    z.string().check(z.regex(/^[0-9a-f]{8}$/)),
    z.strictObject({ key: z.string(), created_at: z.iso.datetime() }),
  ),
});

/** Parses a ring from JSON; throws a RangeError that names the problem and quotes nothing. */
export function parseRing(text: string): Ring {
  const result = ringFile.safeParse(parseJson(text));
  if (!result.success) throw new RangeError('is not a key ring');
  // JavaScript lists keys of digits alone first, so the order of the JSON object is not that of creation.
  const entries = Object.entries(result.data.keys).sort(([, a], [, b]) =>
    a.created_at < b.created_at ? -1 : Number(a.created_at > b.created_at),
  );
  const keys = new Map(
    entries.map(([id, { key, created_at }]) => {
      const bytes = Buffer.from(key, 'base64');
      if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== key)
        throw new RangeError(`contains a key ${id} that is not ${KEY_BYTES} bytes of base64`);
      const found = derive(bytes, instant(new Date(created_at)));
      if (found.id !== id) throw new RangeError(`contains a key ${id} whose id does not match its bytes`);
      return [id, found] as const;
    }),
  );
  const active = keys.get(result.data.active);
  if (!active) throw new RangeError('lacks the key that it names as active');
  return { keys, active };
}

/** The JSON text of a ring. */
export function formatRing(ring: Ring): string {
  const keys = [...ring.keys.values()].map(({ id, key, createdAt }) => [
    id,
    { key: key.toString('base64'), created_at: createdAt },
  ]);
  return `${JSON.stringify({ version: 1, active: ring.active.id, keys: Object.fromEntries(keys) }, null, 2)}\n`;
}

/** A new key whose id is not in the ring yet. */
export function generateKey(now: Date, ring: Ring | undefined): RingKey {
  for (;;) {
    const key = derive(randomBytes(KEY_BYTES), instant(now));
    if (!ring?.keys.has(key.id)) return key;
  }
}

function derive(key: Buffer, createdAt: Instant): RingKey {
  return {
    id: expand(key, 'pinnacle key id', 4).toString('hex'),
    key,
    createdAt,
    cipherKey: expand(key, 'pinnacle broker credential', KEY_BYTES),
    fingerprintKey: expand(key, 'pinnacle audit fingerprint', KEY_BYTES),
  };
}

const expand = (key: Buffer, purpose: string, bytes: number) =>
  Buffer.from(hkdfSync('sha256', key, '', purpose, bytes));
