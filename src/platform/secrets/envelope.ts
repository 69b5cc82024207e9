import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { Failure } from '../../util/failure.ts';
import type { Ring, RingKey } from './key-ring.ts';

/** Where a secret is kept. It is bound to its place: moved to another one it cannot be opened. */
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
const NONCE = 12;
const TAG = 16;

/** What can be told of an envelope without its key. */
interface Face {
  keyId: string;
  /** The bytes of the secret. */
  length: number;
  sealed: Buffer;
}

/** `pne1.<key id>.<base64url of nonce, ciphertext, tag>` of a secret, by the active key of the ring. */
export function encrypt(ring: Ring, place: Place, secret: string): string {
  const key = ring.active;
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, key.cipherKey, nonce, { authTagLength: TAG });
  cipher.setAAD(bindingOf(place, key.id));
  const sealed = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `${VERSION}.${key.id}.${Buffer.concat(sealed).toString('base64url')}`;
}

/** The secret in an envelope, or what is wrong with it; nothing of it is ever in the answer but the whole. */
export function decrypt(
  ring: Ring,
  place: Place,
  envelope: string,
): { secret: string } | { problem: SecretProblem } {
  const face = inspectEnvelope(envelope);
  if ('problem' in face) return face;
  const key = ring.keys.get(face.keyId);
  if (!key) return { problem: 'SECRET_KEY_UNKNOWN' };
  const secret = decipher(key, place, face.sealed);
  return secret === undefined ? { problem: 'SECRET_INTEGRITY' } : { secret };
}

/** What can be told of a stored value without any key. */
export function inspectEnvelope(envelope: string): Face | { problem: SecretProblem } {
  if (!envelope.startsWith(`${VERSION}.`)) return { problem: 'SECRET_NOT_ENCRYPTED' };
  const [, keyId = '', text = ''] = ENVELOPE.exec(envelope) ?? [];
  const sealed = Buffer.from(text, 'base64url');
  const length = sealed.length - NONCE - TAG;
  // Decoding is lenient: without this, several texts would open as one envelope.
  if (length < 1 || sealed.toString('base64url') !== text) return { problem: 'SECRET_MALFORMED' };
  return { keyId, length, sealed };
}

function decipher(key: RingKey, place: Place, sealed: Buffer): string | undefined {
  const decipher = createDecipheriv(CIPHER, key.cipherKey, sealed.subarray(0, NONCE), {
    // Else Node takes a tag of 4 bytes, too.
    authTagLength: TAG,
  });
  decipher.setAAD(bindingOf(place, key.id));
  decipher.setAuthTag(sealed.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8');
  } catch {
    // Which byte is wrong nobody can tell, and nobody should be told.
    return undefined;
  }
}

/** A short mark of a secret for the audit log: equal for the same secret in the same place under the same key. */
export function fingerprint(ring: Ring, place: Place, secret: string): string {
  return createHmac('sha256', ring.active.fingerprintKey)
    .update(packed([place.table, place.column, place.row, secret]))
    .digest('hex')
    .slice(0, 16);
}

const bindingOf = ({ table, column, row }: Place, keyId: string) =>
  packed([VERSION, keyId, table, column, row]);

/** Each part behind its length, so that no two lists of parts give the same bytes. */
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

/** A problem of a stored secret in words. */
export const PROBLEMS: Readonly<Record<SecretProblem, string>> = {
  SECRET_NOT_ENCRYPTED: 'is not encrypted',
  SECRET_MALFORMED: 'is no whole envelope',
  SECRET_KEY_UNKNOWN: 'is encrypted with a key that is not in the key ring',
  SECRET_INTEGRITY: 'was altered, or belongs to another trader or column',
};

/** That a secret is longer than its column can hold: exit 2. */
export function tooLong(bytes: number, most: number, hint?: string): Failure {
  return new Failure(
    'usage',
    'SECRET_TOO_LONG',
    `The secret has ${bytes} bytes; there is room for ${most}.`,
    hint ? { hint } : {},
  );
}
