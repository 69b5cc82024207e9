import { createHash, randomBytes, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const API_KEY = 'pin_live_';
const SESSION_TOKEN = 'pin_ses_';
const RANDOM_CHARS = 30;
const CHECK_CHARS = 6;
const FORM = new RegExp(`^(${API_KEY}[0-9A-Za-z]{${RANDOM_CHARS}})([0-9A-Za-z]{${CHECK_CHARS}})$`);

/** A new API key: `pin_live_`, 30 random base62 characters and 6 of a checksum. */
export const generateApiKey = () => generate(API_KEY);

/** A new session token: the same after `pin_ses_`. */
export const generateSessionToken = () => generate(SESSION_TOKEN);

function generate(prefix: string): string {
  const random = Array.from({ length: RANDOM_CHARS }, () => BASE62[randomInt(BASE62.length)]).join('');
  return `${prefix}${random}${checksum(`${prefix}${random}`)}`;
}

/** The SHA-256 of a key or token in hex (64 characters), which is stored instead of it. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** What the hash of no key begins with: nobody finds 96 bits of zero. */
const UNUSABLE = '0'.repeat(24);

/** The value of users.api_key for a user without a key: of the form of a hash, and that of nothing. */
export function unusableHash(): string {
  return `${UNUSABLE}${randomBytes(20).toString('hex')}`;
}

/** Whether a value of users.api_key is that of a user without a key. */
export const isUnusable = (hash: string): boolean => hash.startsWith(UNUSABLE);

/** Whether text has the form and the checksum of an API key; finds typos without a lookup. */
export function isApiKey(text: string): boolean {
  const [, checked = '', check] = FORM.exec(text) ?? [];
  return checksum(checked) === check;
}

const FOREIGN = /^(?!pin_)(?![0-9a-f]{64}$)[\x21-\x7e]{8,64}$/;

/**
 * Whether text may be the API key of a database that was adopted, which another program issued. One of 64 hex digits is none: stored
 * in the clear it cannot be told from a hash.
 */
export const isForeignApiKey = (text: string) => FOREIGN.test(text);

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let i = 0; i < CHECK_CHARS; i++) {
    digits = `${BASE62[rest % BASE62.length]}${digits}`;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
