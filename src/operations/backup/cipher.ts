import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { CorruptArchive } from './corrupt-archive.ts';

/** A backup key; its id, 8 hex digits, is derived from it. */
export interface BackupKey {
  id: string;
  key: Buffer;
}

/** The keys of one archive, derived from a backup key and a salt, and bound to the first line of the archive. */
export interface ArchiveKeys {
  cipherKey: Buffer;
  macKey: Buffer;
  binding: Buffer;
}

export const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const CHUNK_BYTES = 65_536;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The backup key with these 32 bytes. */
export function backupKey(key: Buffer): BackupKey {
  return { id: expand(key, '', 'pinnacle backup key id', 4).toString('hex'), key };
}

/** Derives the keys of the archive that begins with this line; `salt`, in hex, is random per archive. */
export function archiveKeys({ key }: BackupKey, salt: string, firstLine: Uint8Array): ArchiveKeys {
  return {
    cipherKey: expand(key, salt, 'pinnacle backup data', KEY_BYTES),
    macKey: expand(key, salt, 'pinnacle backup manifest', KEY_BYTES),
    binding: createHash('sha256').update(firstLine).digest(),
  };
}

const expand = (key: Buffer, salt: string, purpose: string, bytes: number) =>
  Buffer.from(hkdfSync('sha256', key, Buffer.from(salt, 'hex'), purpose, bytes));

/** The HMAC-SHA256 of a text, in hex. */
export function fingerprintOf({ macKey, binding }: ArchiveKeys, text: string): string {
  return createHmac('sha256', macKey).update(binding).update(text).digest('hex');
}

/**
 * Encrypts in chunks of 64 KiB with a tag per chunk. The nonce encodes the number of the chunk and whether it is the last, so
 * that no chunk can be removed, moved or cut off.
 */
export async function* encrypted(
  pieces: AsyncIterable<Uint8Array>,
  keys: ArchiveKeys,
): AsyncGenerator<Uint8Array> {
  yield* chunked(pieces, CHUNK_BYTES, (chunk, n, last) => {
    const cipher = createCipheriv(CIPHER, keys.cipherKey, nonceOf(n, last), { authTagLength: TAG_BYTES });
    cipher.setAAD(keys.binding);
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  });
}

/** Decrypts what `encrypted` produced. Throws CorruptArchive at the first chunk that was altered. */
export async function* decrypted(
  pieces: AsyncIterable<Uint8Array>,
  keys: ArchiveKeys,
): AsyncGenerator<Uint8Array> {
  yield* chunked(pieces, CHUNK_BYTES + TAG_BYTES, (chunk, n, last) => {
    if (chunk.length < TAG_BYTES)
      throw new CorruptArchive('altered', `its encrypted chunk ${n} is truncated`);
    const decipher = createDecipheriv(CIPHER, keys.cipherKey, nonceOf(n, last), { authTagLength: TAG_BYTES });
    decipher.setAAD(keys.binding);
    decipher.setAuthTag(chunk.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(chunk.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch {
      throw new CorruptArchive('altered', `its encrypted chunk ${n} was altered, moved or truncated`);
    }
  });
}

function nonceOf(n: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(n), NONCE_BYTES - 9);
  nonce[NONCE_BYTES - 1] = last ? 1 : 0;
  return nonce;
}

/** Maps chunks of a fixed size. The last chunk may be shorter or empty, and is known only at the end of the input. */
async function* chunked(
  pieces: AsyncIterable<Uint8Array>,
  size: number,
  transform: (chunk: Buffer, n: number, last: boolean) => Buffer,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let n = 0;
  for await (const piece of pieces) {
    rest = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    let from = 0;
    for (; rest.length - from > size; from += size)
      yield transform(rest.subarray(from, from + size), n++, false);
    rest = rest.subarray(from);
  }
  yield transform(rest, n, true);
}
