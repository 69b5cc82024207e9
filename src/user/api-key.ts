import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = 'pin_live_';
const RANDOM_LENGTH = 30;
const CHECK_LENGTH = 6;

/** A new API key: `pin_live_`, 30 random base62 characters, 6 that check them. */
export function generateApiKey(): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => BASE62[randomInt(BASE62.length)]).join('');
  return `${PREFIX}${random}${checksum(random)}`;
}

/** The SHA-256 of a key in hex, 64 characters: what users.api_key holds. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function checksum(random: string): string {
  let rest = crc32(`${PREFIX}${random}`);
  let digits = '';
  for (let i = 0; i < CHECK_LENGTH; i++) {
    digits = `${BASE62[rest % BASE62.length]}${digits}`;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
