import { expect, it } from 'vitest';
import { difference } from '../../src/cli/screen.ts';

it('a screen writes only the lines that differ', () => {
  expect(difference(['a', 'b', 'c'], ['a', 'x', 'c'])).toBe('\x1b[2;1H\x1b[0m\x1b[Kx');
  expect(difference(['a', 'b'], ['a', 'b'])).toBe('');
  expect(difference(['a', 'b', 'c'], ['a'])).toBe('\x1b[2;1H\x1b[0m\x1b[J');
  expect(difference([], ['a'])).toBe('\x1b[0m\x1b[2J\x1b[1;1H\x1b[0m\x1b[Ka');
});
