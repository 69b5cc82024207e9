import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mintId } from '../../src/domain/id.ts';
import { boundsOf, idPart, leastColumns, shortened, WHOLE_ID } from '../../src/domain/shortened-id.ts';

/** Ids of some moments, several of each: those of one millisecond differ at their end alone. */
const ids = fc
  .array(fc.record({ ms: fc.nat({ max: 2 ** 41 }), count: fc.integer({ min: 1, max: 20 }) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((moments) =>
    moments.flatMap(({ ms, count }) => Array.from({ length: count }, () => mintId('ord', new Date(ms)))),
  );
const ellipses = fc.constantFrom('…', '...');

/** Those of the ids that a text stands for. */
function foundBy(text: string, all: readonly string[]): string[] {
  const part = idPart('ORDER', text);
  if (part === undefined) return all.filter((id) => id === text);
  const [first, last] = boundsOf(part);
  return all.filter((id) => id >= first && id <= last && id.endsWith(part.end));
}

describe('a shortened id', () => {
  it('stands for one row of its table, in whatever room the table has', () =>
    fc.assert(
      fc.property(ids, ellipses, fc.nat({ max: 20 }), (all, ellipsis, more) => {
        const columns = leastColumns(all, ellipsis) + more;
        for (const id of all) {
          const shown = shortened(id, columns, ellipsis);
          expect(shown.length).toBeLessThanOrEqual(columns);
          for (const text of [shown, shown.toLowerCase(), id]) expect(foundBy(text, all)).toEqual([id]);
        }
      }),
      { numRuns: 30 },
    ));

  it('also stands for it by its ending or its beginning, or for several', () =>
    fc.assert(
      fc.property(ids, ellipses, (all, ellipsis) => {
        for (const id of all) {
          const [start = '', end = ''] = shortened(id, leastColumns(all, ellipsis), ellipsis).split(ellipsis);
          for (const text of [end, `…${end}`, `...${end}`])
            expect(foundBy(text, all)).toEqual(all.filter((other) => other.endsWith(end)));
          for (const text of [start, `${start}…`, `${start}...`])
            expect(foundBy(text, all)).toEqual(all.filter((other) => other.startsWith(start)));
        }
      }),
      { numRuns: 30 },
    ));

  it('has as many columns as tell it from the others', () => {
    const id = 'ord_01KG000000AAAAAAAAAAABCDEF';
    expect(shortened(id, leastColumns([id], '…'), '…')).toBe('ord_01KG0…ABCDEF');
    expect(leastColumns([id, id, 'b-1'], '...')).toBe(18);
    const alike = (...others: string[]) => {
      const columns = leastColumns([id, ...others], '…');
      return [id, ...others].map((each) => shortened(each, columns, '…'));
    };
    expect(alike('ord_01KG00ZZZZAAAAAAAAAAABCDEF')).toEqual(['ord_01KG000…ABCDEF', 'ord_01KG00Z…ABCDEF']);
    expect(alike('ord_01KG000000AAAAAAAAAZABCDEF')).toEqual([id, 'ord_01KG000000AAAAAAAAAZABCDEF']);
    expect(leastColumns(['b-1', 'rsi_dmi'], '…')).toBe(0);
  });

  it.each([
    [29, 'ord_01KG000000AAAAAAAA…ABCDEF'],
    [16, 'ord_01KG0…ABCDEF'],
    [11, 'ord_…ABCDEF'],
    [9, '…ABCDEF'],
    [7, '…ABCDEF'],
    [6, 'ord_0…'],
  ])('in %i columns is %s', (columns, text) => {
    expect(shortened('ord_01KG000000AAAAAAAAAAABCDEF', columns, '…')).toBe(text);
  });

  it.each([
    'b-1',
    'first',
    'second',
    'TRADER_01',
    'abc',
    'ABCDE',
    'ord_01',
    '…ABCDE',
    'trader 01',
    'ord_%',
    "'; --",
    '%ABCDEF',
    '_'.repeat(6),
    '\\ABCDEF',
    'fil_01KG0…ABCDEF',
    'ABCDEF…',
    'A'.repeat(27),
    'ord_01KG0…ABC…DEF',
    '',
  ])('%j stands for no order but itself', (text) => {
    expect(idPart('ORDER', text)).toBeUndefined();
  });

  it('is none of what is shown whole', () => {
    for (const id of ['b-1', 'TRADER01', 'rul_01KG000000AAAAAAAAAAABCDEF', 'ord_20260101001']) {
      expect(WHOLE_ID.test(id)).toBe(false);
      expect(shortened(id, id.length, '…')).toBe(id);
    }
    expect(idPart('SYMBOL', 'ABCDEF')).toBeUndefined();
    expect(idPart('ORDER', 'ord_01KG000000AAAAAAAAAAABCDEF')).toBeUndefined();
  });

  it('is read in time that does not grow with the square of a text', () => {
    const started = performance.now();
    expect(idPart('ORDER', `ord_${'A'.repeat(1_000_000)}!`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
