import { createHmac } from 'node:crypto';

/** How long a one-time password is valid, milliseconds. */
export const TOTP_STEP_MS = 30_000;
const DIGITS = 6;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const MIN_BYTES = 10;

/** The number of the step that a time is in. */
export const totpStepAt = (at: Date): number => Math.floor(at.getTime() / TOTP_STEP_MS);

/** How long the step of a time still lasts, milliseconds. */
export const totpStepLeft = (at: Date): number => TOTP_STEP_MS - (at.getTime() % TOTP_STEP_MS);

/** The bytes of a secret in base32, whatever its case, blanks, hyphens and padding. Throws RangeError for anything else. */
function secretBytes(text: string): Buffer {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/=+$/, '');
  const bits = [...letters].map((letter) => ALPHABET.indexOf(letter));
  if (bits.includes(-1)) throw new RangeError('is not a secret in base32');
  const binary = bits.map((value) => value.toString(2).padStart(5, '0')).join('');
  const bytes = Buffer.from((binary.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  if (bytes.length < MIN_BYTES) throw new RangeError(`has less than ${MIN_BYTES} bytes`);
  return bytes;
}

/** The one-time password of a step (RFC 6238, SHA-1, 6 digits). Throws RangeError unless the secret is base32. */
export function totpOf(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secretBytes(secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}
