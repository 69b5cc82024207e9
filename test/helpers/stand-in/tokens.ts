import { createHmac, randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const IST_MS = 330 * 60_000;
const DAY_MS = 86_400_000;

const bytesOf = (base32: string) => {
  const bits = [...base32.toUpperCase().replace(/[^A-Z2-7]/g, '')]
    .map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from(
    Array.from({ length: Math.floor(bits.length / 8) }, (_, i) =>
      Number.parseInt(bits.slice(i * 8, i * 8 + 8), 2),
    ),
  );
};

/** A new secret for one-time passwords, in base32. */
export const newTotpSecret = () => Array.from(randomBytes(32), (byte) => ALPHABET[byte % 32]).join('');

/** The one-time password of a step of 30 s. */
export function passwordAt(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', bytesOf(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The next midnight in India, seconds since 1970: when tokens end, whatever the time of the login. */
export const nextMidnight = (now: Date) =>
  (Math.floor((now.getTime() + IST_MS) / DAY_MS) * DAY_MS + DAY_MS - IST_MS) / 1_000;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as the broker issues it: of at least 2,000 characters, with another token in it. */
export function newToken(client: string, now: Date, endsAt = nextMidnight(now)): string {
  const inner = `${part({ alg: 'RS256' })}.${part({ sub: client, nonce: randomBytes(480).toString('hex') })}.${randomBytes(256).toString('base64url')}`;
  const payload = {
    username: client,
    roles: 0,
    usertype: 'USER',
    token: inner,
    iat: Math.floor(now.getTime() / 1_000),
    exp: endsAt,
  };
  return `${part({ alg: 'HS512' })}.${part(payload)}.${randomBytes(64).toString('base64url')}`;
}
