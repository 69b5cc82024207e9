import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Column, fitColumns, GAP } from '../../src/cli/fit-columns.ts';

const total = (columns: readonly Column[]) =>
  columns.reduce((sum, { width }) => sum + width, GAP * (columns.length - 1));

const column = (name: string, width: number, least = width, minor = false, asked = false): Column => ({
  name,
  width,
  least,
  minor,
  asked,
});
const fitted = (columns: readonly Column[], available: number) =>
  fitColumns(columns, available).map(({ name, width }) => `${name} ${width}`);

it.each([
  ['all fit', [column('id', 30, 17), column('side', 4)], 36, ['id 30', 'side 4']],
  ['narrows first', [column('id', 30, 17), column('side', 4)], 25, ['id 19', 'side 4']],
  [
    'leaves out what is minor',
    [column('id', 17), column('type', 6, 6, true), column('side', 4)],
    25,
    ['id 17', 'side 4'],
  ],
  ['then from the right', [column('id', 17), column('side', 4), column('price', 7)], 25, ['id 17', 'side 4']],
  [
    'what a row is judged by last',
    [column('id', 17), column('side', 4), column('price', 9), { ...column('status', 7), vital: true }],
    38,
    ['id 17', 'side 4', 'status 7'],
  ],
  [
    'what a flag asked for last',
    [column('id', 17), column('side', 4), column('trend', 7, 7, false, true)],
    27,
    ['id 17', 'trend 7'],
  ],
  ['gives room back', [column('id', 30, 17), column('type', 20, 20, true)], 35, ['id 30']],
  ['cuts the last one left', [column('id', 30, 17), column('side', 4)], 10, ['id 10']],
])('%s', (_, columns, available, expected) => {
  expect(fitted(columns, available)).toEqual(expected);
});

it('fits any columns into any terminal, in their order, none wider than its texts', () => {
  const any = fc
    .record({
      width: fc.integer({ min: 1, max: 60 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      minor: fc.boolean(),
      asked: fc.boolean(),
      typed: fc.boolean(),
    })
    .map(({ width, part, ...kept }) => ({ width, least: Math.max(1, Math.round(width * part)), ...kept }));
  fc.assert(
    fc.property(
      fc.array(any, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 250 }),
      (parts, available) => {
        const columns = parts.map((part, i) => ({ name: String(i), ...part }));
        const kept = fitColumns(columns, available);
        expect(total(kept)).toBeLessThanOrEqual(available);
        expect(kept[0]?.name).toBe('0');
        expect(kept.map(({ name }) => Number(name))).toEqual(
          kept.map(({ name }) => Number(name)).sort((a, b) => a - b),
        );
        for (const { name, width } of kept)
          expect(width).toBeLessThanOrEqual(columns[Number(name)]?.width ?? 0);
        if (total(columns) <= available) expect(kept).toHaveLength(columns.length);
      },
    ),
  );
});
