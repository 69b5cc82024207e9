import { expect, it } from 'vitest';
import { formatRing, generateKey, parseRing, type Ring } from '../../../src/platform/secrets/key-ring.ts';

it('a ring keeps its keys by age, though an id of digits alone comes first in JSON', () => {
  const first = generateKey(new Date('2026-01-30T03:45:00Z'), undefined);
  let ring: Ring = { keys: new Map([[first.id, first]]), active: first };
  // About one id in forty is a number to JSON.
  for (let day = 1; day <= 300; day++) {
    const key = generateKey(new Date(Date.UTC(2026, 1, day)), ring);
    ring = { ...ring, keys: new Map([...ring.keys, [key.id, key]]) };
  }
  expect([...parseRing(formatRing(ring)).keys.keys()]).toEqual([...ring.keys.keys()]);
});
