import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  decrypt,
  encrypt,
  fingerprint,
  inspectEnvelope,
  type Place,
} from '../../../src/platform/secrets/envelope.ts';
import { formatRing, generateKey, parseRing, type Ring } from '../../../src/platform/secrets/key-ring.ts';

const NOW = new Date('2026-01-31T03:45:00Z');
const ringOf = (): Ring => {
  const key = generateKey(NOW, undefined);
  return { keys: new Map([[key.id, key]]), active: key };
};
const ring = ringOf();
const place: Place = { table: 'users', column: 'broker_secret', row: 'trader_001' };
// As long as a credential may be before phase 4.
const SECRET = 'canary-7f3a-of-thirty-six-bytes-long';
const ALPHABETS = {
  base64url: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  'base64 and padding': '+/=',
  hex: '0123456789abcdefABCDEF',
  'signs, blanks and controls': ' .\t\r\n\0!~\u007f\u00e9\u200b\u{1f511}',
};

describe('an envelope', () => {
  const envelope = encrypt(ring, place, SECRET);

  it('of 36 bytes has 100 characters, the column of the first phases', () => {
    expect(Buffer.byteLength(SECRET)).toBe(36);
    expect(envelope).toMatch(/^pne1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{86}$/);
    expect(inspectEnvelope(envelope)).toMatchObject({ keyId: ring.active.id, length: 36 });
  });

  it.each(['x', 'ünïcödé', '🔑'.repeat(500), 'j'.repeat(901)])('gives back what was sealed', (secret) => {
    expect(decrypt(ring, place, encrypt(ring, place, secret))).toEqual({ secret });
  });

  it('is another one every time', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => encrypt(ring, place, SECRET)))).toHaveProperty(
      'size',
      1_000,
    );
  });

  it('is refused at every length that it is cut to', () => {
    const accepted = [...envelope].flatMap((_char, length) =>
      'secret' in decrypt(ring, place, envelope.slice(0, length)) ? [length] : [],
    );
    expect(envelope).toHaveLength(100);
    expect(accepted).toEqual([]);
  });

  it.each(Object.entries(ALPHABETS))(
    'is refused with any one character replaced from %s',
    (_name, alphabet) => {
      const forged = [...envelope].flatMap((char, at) =>
        [...alphabet]
          .filter((other) => other !== char)
          .map((other) => envelope.slice(0, at) + other + envelope.slice(at + 1)),
      );
      expect(forged.length).toBeGreaterThan(250);
      const answers = forged.map((text) => decrypt(ring, place, text));
      expect(answers.filter((answer) => 'secret' in answer)).toEqual([]);
      expect(JSON.stringify(answers)).not.toContain('canary');
    },
  );

  it('is refused with characters of one class swapped, doubled, dropped or added', () => {
    const forged = [...envelope].flatMap((char, at) => {
      const [head, tail] = [envelope.slice(0, at), envelope.slice(at + 1)];
      const next = tail[0] ?? '';
      const swapped = next !== char && next !== '' ? [`${head}${next}${char}${tail.slice(1)}`] : [];
      return [...swapped, `${head}${char}${char}${tail}`, `${head}${tail}`];
    });
    forged.push(`${envelope}=`, `${envelope}A`, `${envelope}\n`, ` ${envelope}`, `${envelope}${envelope}`);
    expect(forged.filter((text) => 'secret' in decrypt(ring, place, text))).toEqual([]);
  });

  it('cut to a tag of 4 to 15 bytes is refused', () => {
    const [version, id, text = ''] = envelope.split('.');
    const sealed = Buffer.from(text, 'base64url');
    for (let bytes = 29; bytes < sealed.length; bytes++)
      expect(
        decrypt(ring, place, `${version}.${id}.${sealed.subarray(0, bytes).toString('base64url')}`),
      ).toEqual({
        problem: 'SECRET_INTEGRITY',
      });
  });

  it.each([
    ['another trader', { ...place, row: 'trader_002' }],
    ['another column', { ...place, column: 'broker_token' }],
    ['another table', { ...place, table: 'accounts' }],
    [
      'a place whose parts, joined, are the same text',
      { ...place, column: 'broker_secrett', row: 'rader_001' },
    ],
  ])('moved to %s is SECRET_INTEGRITY', (_where, elsewhere) => {
    expect(decrypt(ring, elsewhere, envelope)).toEqual({ problem: 'SECRET_INTEGRITY' });
  });

  it('under another ring is SECRET_KEY_UNKNOWN, and under a key of another id SECRET_INTEGRITY', () => {
    const other = ringOf();
    expect(decrypt(other, place, envelope)).toEqual({ problem: 'SECRET_KEY_UNKNOWN' });
    const posing = { ...other, keys: new Map([[ring.active.id, other.active]]) };
    expect(decrypt(posing, place, envelope)).toEqual({ problem: 'SECRET_INTEGRITY' });
  });

  it.each(['', 'hunter2', 'pne2.00000000.AAAA', 'PNE1.00000000.AAAA'])(
    '%j is SECRET_NOT_ENCRYPTED',
    (text) => {
      expect(decrypt(ring, place, text)).toEqual({ problem: 'SECRET_NOT_ENCRYPTED' });
    },
  );

  it.each([
    'pne1.',
    'pne1..',
    'pne1.zzzzzzzz.AAAA',
    `pne1.00000000.${Buffer.alloc(28).toString('base64url')}`,
  ])('%j is SECRET_MALFORMED', (text) => {
    expect(decrypt(ring, place, text)).toEqual({ problem: 'SECRET_MALFORMED' });
  });
});

describe('a fingerprint', () => {
  it('is the same for the same secret in the same place under the same key only', () => {
    const mark = fingerprint(ring, place, SECRET);
    expect(mark).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprint(ring, place, SECRET)).toBe(mark);
    const others = [
      fingerprint(ring, place, `${SECRET}!`),
      fingerprint(ring, { ...place, row: 'trader_002' }, SECRET),
      fingerprint(ringOf(), place, SECRET),
    ];
    expect(others).not.toContain(mark);
  });
});

describe('a ring', () => {
  it('is read as it was written, ids and all', () => {
    const second = generateKey(NOW, ring);
    const both: Ring = { keys: new Map([...ring.keys, [second.id, second]]), active: second };
    expect(parseRing(formatRing(both))).toEqual(both);
  });

  const written = () => JSON.parse(formatRing(ring));
  const { id } = ring.active;
  const altered: [string, unknown][] = [
    ['of another version', { ...written(), version: 2 }],
    ['with something more', { ...written(), more: 1 }],
    ['without its active key', { ...written(), active: '00000000' }],
    ['without keys', { ...written(), keys: {} }],
    [
      'with another key under an id',
      { ...written(), keys: { [id]: { ...written().keys[id], key: randomBytes(32).toString('base64') } } },
    ],
    [
      'with a short key',
      { ...written(), keys: { [id]: { ...written().keys[id], key: randomBytes(16).toString('base64') } } },
    ],
    [
      'with a key of no base64',
      { ...written(), keys: { [id]: { ...written().keys[id], key: '*'.repeat(44) } } },
    ],
    ['that is an array', [written()]],
    ['that is null', null],
  ];
  it.each(altered)('%s is refused without a word of it', (_what, content) => {
    const text = JSON.stringify(content);
    const bytes = /"key":"([^"]+)"/.exec(text)?.[1] ?? '\0';
    const error = (() => {
      try {
        parseRing(text);
      } catch (thrown) {
        return thrown as Error;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(RangeError);
    expect(error?.message).not.toContain(bytes);
  });
});
