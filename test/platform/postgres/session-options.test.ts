import { describe, expect, it } from 'vitest';
import { asOptions, parseOptions } from '../../../src/platform/postgres/session-settings.ts';

describe('the options of a session', () => {
  it.each([
    ['', {}],
    ['-c search_path=trading', { search_path: 'trading' }],
    ['-csearch_path=trading,public --work-mem=4MB', { search_path: 'trading,public', work_mem: '4MB' }],
    [String.raw`-c  DateStyle=ISO,\ DMY -d 1 -c a.b=\\x`, { DateStyle: 'ISO, DMY', 'a.b': String.raw`\x` }],
    ['-c -c x=1 y=2', { x: '1' }],
  ])('%j are these settings', (options, settings) => {
    expect(parseOptions(options)).toEqual(settings);
  });

  it('are read as they are written', () => {
    const settings = { DateStyle: 'ISO, DMY', search_path: String.raw`a b\c`, TimeZone: 'UTC' };
    expect(parseOptions(asOptions(settings))).toEqual(settings);
  });
});
