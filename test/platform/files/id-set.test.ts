import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdSet } from '../../../src/platform/files/id-set.ts';

describe('the ids of a file', () => {
  it('gives the line that had an id first', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 6 }), { maxLength: 400 }), (ids) => {
        const set = createIdSet();
        const first = ids.map((id, i) => (ids.indexOf(id) < i ? ids.indexOf(id) + 2 : undefined));
        expect(ids.map((id, i) => set.add(id, i + 2))).toEqual(first);
      }),
    );
  });

  it('keeps every id when it outgrows its table twice', () => {
    const set = createIdSet();
    const count = 100_000;
    const ids = Array.from({ length: count }, (_, i) => `ord_${i}`);
    expect(ids.filter((id, i) => set.add(id, i + 1) !== undefined)).toEqual([]);
    expect(ids.filter((id, i) => set.add(id, 0) !== i + 1)).toEqual([]);
  });
});
