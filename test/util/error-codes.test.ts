import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/util/error-codes.ts';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== join('util', 'error-codes.ts'))
  .map((path) => readFileSync(join('src', path), 'utf8'))
  .join('\n');

/** Codes that are written out, with the kind of failure they are thrown as. */
const thrown = [
  ...sources.matchAll(/new Failure\(\s*'(\w+)',\s*'(\w+)'/g),
  ...[...sources.matchAll(/\brefused\(\s*'(\w+)'/g)].map(([, code]) => ['', 'refused', code]),
  // A store of rows names what it has no row of.
  ...[...sources.matchAll(/\b(?:notFound\(|rowsOf\(\s*'\w+',\s*\w+,)\s*'([\w ]+)'/g)].map(
    ([, thing = '']) => ['', 'notFound', `${thing.toUpperCase().replaceAll(' ', '_')}_NOT_FOUND`],
  ),
].map(([, kind = '', code = '']) => ({ kind, code }));

describe('the table of error codes', () => {
  it('has every code that is thrown, with its kind', () => {
    const kinds: Readonly<Record<string, readonly string[]>> = ERROR_CODES;
    expect(thrown.length).toBeGreaterThan(80);
    expect(thrown.filter(({ kind, code }) => kinds[code]?.[0] !== kind)).toEqual([]);
  });

  it('has none that nothing throws', () => {
    const isThrown = (code: string) =>
      thrown.some((each) => each.code === code) ||
      sources.includes(`'${code}'`) ||
      // An answer of Redis has the code of its first word.
      (code.startsWith('REDIS_') && new RegExp(`^  ${code.slice(6)}: \\[`, 'm').test(sources));
    expect(Object.keys(ERROR_CODES).filter((code) => !isThrown(code))).toEqual([]);
  });

  it('is in order', () => {
    const codes = Object.keys(ERROR_CODES);
    expect(codes).toEqual(codes.toSorted());
  });
});
