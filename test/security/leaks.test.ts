import { describe, expect, it } from 'vitest';
import { leaksIn } from './leaks.ts';

const SECRET = 'cAnArY/7531+é?';
const bytes = Buffer.from(SECRET);

describe('the search for secrets', () => {
  it.each([
    ['as it is', SECRET],
    ['%-encoded', encodeURIComponent(SECRET)],
    ['in hex', bytes.toString('hex')],
    ['in capital hex', bytes.toString('hex').toUpperCase()],
    ['in base64', bytes.toString('base64')],
    ['in base64 behind one byte', Buffer.from(`a${SECRET}`).toString('base64')],
    ['in base64 between others', Buffer.from(`ab${SECRET}cd`).toString('base64')],
    ['in base64url behind a header', Buffer.from(`user:${SECRET}!`).toString('base64url')],
  ])('finds one %s', (_how, text) => {
    expect(leaksIn(`before ${text} behind`, new Map([['it', SECRET]]))).toEqual(['it']);
  });

  it('finds the bytes of a key, and nothing where there is nothing', () => {
    const key = Buffer.from('00fa3e0b9c11d27fee0a5d33', 'hex');
    expect(leaksIn(`x${key.toString('base64')}`, new Map([['key', key]]))).toEqual(['key']);
    expect(leaksIn('cAnArY/7531', new Map([['it', SECRET]]))).toEqual([]);
  });
});
