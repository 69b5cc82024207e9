import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { Failure } from '../../util/failure.ts';
import type { Ring, RingKey } from './key-ring.ts';

/** Where a secret is stored. It is bound to its place: moved elsewhere it cannot be decrypted. */
export interface Place {
  table: string;
  column: string;
  row: string;
}

/** Why a stored secret cannot be trusted. */
export type SecretProblem =
  | 'SECRET_NOT_ENCRYPTED'
  | 'SECRET_MALFORMED'
  | 'SECRET_KEY_UNKNOWN'
  | 'SECRET_INTEGRITY';

const VERSION = 'pne1';
const ENVELOPE = /^pne1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What an envelope shows without its key. */
interface Envelope {
  keyId: string;
  /** Bytes of the secret. */
  length: number;
  encrypted: Buffer;
}

/** Encrypts with the active key of the ring, to `pne1.<key id>.<base64url of nonce, ciphertext, tag>`. */
export function encrypt(ring: Ring, place: Place, secret: string): string {
  const key = ring.active;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.cipherKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bindingOf(place, key.id));
  const encrypted = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `${VERSION}.${key.id}.${Buffer.concat(encrypted).toString('base64url')}`;
}

/** Decrypts an envelope; returns the whole secret, or the problem without any part of it. */
export function decrypt(
  ring: Ring,
  place: Place,
  envelope: string,
): { secret: string } | { problem: SecretProblem } {
  const found = inspectEnvelope(envelope);
  if ('problem' in found) return found;
  const key = ring.keys.get(found.keyId);
  if (!key) return { problem: 'SECRET_KEY_UNKNOWN' };
  const secret = decipher(key, place, found.encrypted);
  return secret === undefined ? { problem: 'SECRET_INTEGRITY' } : { secret };
}

/** Parses a stored value without any key. */
export function inspectEnvelope(envelope: string): Envelope | { problem: SecretProblem } {
  if (!envelope.startsWith(`${VERSION}.`)) return { problem: 'SECRET_NOT_ENCRYPTED' };
  const [, keyId = '', text = ''] = ENVELOPE.exec(envelope) ?? [];
  const encrypted = Buffer.from(text, 'base64url');
  const length = encrypted.length - NONCE_BYTES - TAG_BYTES;
  // Decoding base64url is lenient: without this check, several texts would be the same envelope.
  if (length < 1 || encrypted.toString('base64url') !== text) return { problem: 'SECRET_MALFORMED' };
  return { keyId, length, encrypted };
}

function decipher(key: RingKey, place: Place, encrypted: Buffer): string | undefined {
  const decipher = createDecipheriv(CIPHER, key.cipherKey, encrypted.subarray(0, NONCE_BYTES), {
    // By default Node also accepts shorter tags, down to 4 bytes.
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(bindingOf(place, key.id));
  decipher.setAuthTag(encrypted.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(encrypted.subarray(NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
  } catch {
    // GCM does not show which byte is wrong, and neither must the message.
    return undefined;
  }
}

/** A short fingerprint of a secret for the audit log: equal for the same secret, place and key. */
export function fingerprint(ring: Ring, place: Place, secret: string): string {
  return createHmac('sha256', ring.active.fingerprintKey)
    .update(packed([place.table, place.column, place.row, secret]))
    .digest('hex')
    .slice(0, 16);
}

const bindingOf = ({ table, column, row }: Place, keyId: string) =>
  packed([VERSION, keyId, table, column, row]);

/** Each part after its length, so that different lists of parts never give the same bytes. */
function packed(parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Each problem in words. */
export const PROBLEMS: Readonly<Record<SecretProblem, string>> = {
  SECRET_NOT_ENCRYPTED: 'is not encrypted',
  SECRET_MALFORMED: 'is not a complete envelope',
  SECRET_KEY_UNKNOWN: 'is encrypted with a key that is not in the key ring',
  SECRET_INTEGRITY: 'was altered, or belongs to another user or column',
};

/** SECRET_TOO_LONG (exit 2): the secret does not fit its column. */
export function secretTooLong(bytes: number, maxBytes: number, hint?: string): Failure {
  return new Failure(
    'usage',
    'SECRET_TOO_LONG',
    `The secret has ${bytes} bytes; its column holds ${maxBytes}.`,
    hint ? { hint } : {},
  );
}
