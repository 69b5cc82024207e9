import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdSet } from '../../../src/platform/files/id-set.ts';

describe('the ids of a file', () => {
  it('gives the line that had an id first, like a Map', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 6 }), { maxLength: 400 }), (ids) => {
        const set = createIdSet();
        const model = new Map<string, number>();
        for (const [i, id] of ids.entries()) {
          expect(set.add(id, i + 2)).toBe(model.get(id));
          if (!model.has(id)) model.set(id, i + 2);
        }
      }),
    );
  });

  it('keeps every id when it outgrows its table several times', () => {
    const set = createIdSet();
    const count = 200_000;
    const ids = Array.from({ length: count }, (_, i) => `ord_${i}`);
    expect(ids.filter((id, i) => set.add(id, i + 1) !== undefined)).toEqual([]);
    expect(ids.filter((id, i) => set.add(id, 0) !== i + 1)).toEqual([]);
  });
});
