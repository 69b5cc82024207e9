import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactLabel, signedLabel, tickLabels, type Unit } from '../../../src/cli/charts/labels.ts';
import { dayTicks, extentOf, linear, ticksOf, withRoom } from '../../../src/cli/charts/scale.ts';
import { spansOf, thin } from '../../../src/cli/charts/thin.ts';

describe('labels', () => {
  it.each<[Unit, number, string]>([
    ['rupees', 1_234_567.5, '₹12,34,567.50'],
    ['rupees', -500, '-₹500.00'],
    ['percent', -12.345_6, '-12.35%'],
    ['percent', -0.000_1, '0.00%'],
    ['ratio', 1, '1.00'],
    ['count', 1_234_567, '12,34,567'],
  ])('of %s: %d is %s', (unit, value, text) => {
    expect(exactLabel(unit, value)).toBe(text);
  });

  it.each<[Unit, number[], string[]]>([
    ['rupees', [900_000, 1_000_000], ['9 L', '10 L']],
    ['rupees', [1_000_000, 1_002_500, 1_005_000], ['10.000 L', '10.025 L', '10.050 L']],
    ['rupees', [0, 25_000_000], ['0.0 Cr', '2.5 Cr']],
    ['rupees', [0, 50_000], ['0', '50,000']],
    ['percent', [-0.5, 0, 0.5], ['-0.5%', '0.0%', '0.5%']],
    ['ratio', [-2, 0, 2], ['-2', '0', '2']],
    ['ratio', [0], ['0']],
    ['ratio', [2.5], ['2.5']],
    ['count', [], []],
  ])('of ticks in %s: %j', (unit, ticks, texts) => {
    expect(tickLabels(unit, ticks)).toEqual(texts);
  });

  it.each<[Unit, number, string]>([
    ['percent', 1.26, '+1.3'],
    ['percent', -0.4, '-0.4'],
    ['percent', -0.01, '0.0'],
    ['rupees', 345_000, '+3.5L'],
    ['rupees', -12_000, '-12k'],
    ['rupees', 99, '+99'],
  ])('of a change in %s: %d is %s', (unit, value, text) => {
    expect(signedLabel(unit, value)).toBe(text);
  });
});

// Of the two zeros of a double, lines have one.
const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value + 0);
const values = fc.array(
  fc.oneof({ weight: 9, arbitrary: finite }, { weight: 1, arbitrary: fc.constant(null) }),
  {
    minLength: 1,
    maxLength: 400,
  },
);

describe('an axis', () => {
  it('has round ticks within its extent, few enough, and labels that differ', () => {
    fc.assert(
      fc.property(finite, fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (low, size) => {
        const extent = [low, low + size] as const;
        const ticks = ticksOf(extent, 5);
        expect(ticks.length).toBeGreaterThan(0);
        expect(ticks.length).toBeLessThanOrEqual(6);
        for (const tick of ticks) {
          expect(tick).toBeGreaterThanOrEqual(low - size * 1e-6);
          expect(tick).toBeLessThanOrEqual(low + size * (1 + 1e-6));
        }
      }),
    );
  });

  it('maps its extremes to its ends, also where all values are the same', () => {
    expect([10, 15, 20].map(linear([10, 20], 100, 0))).toEqual([100, 50, 0]);
    expect(withRoom([5, 5]).map(linear(withRoom([5, 5]), 0, 1))).toEqual([0, 1]);
    expect(withRoom([0, 0])).toEqual([-1, 1]);
    expect(extentOf([null, 3, -1], 0)).toEqual([-1, 3]);
    expect(extentOf([null, 3], 0)).toEqual([0, 3]);
    expect(extentOf([null])).toBeUndefined();
  });

  const daysFrom = (first: string, count: number) =>
    Array.from({ length: count }, (_, i) =>
      new Date(Date.parse(first) + i * 86_400_000).toISOString().slice(0, 10),
    );
  it.each([
    ['a week', 7, ['2024-01-15', '2024-01-17', '2024-01-19', '2024-01-21']],
    ['half a year', 180, ['2024-02', '2024-03', '2024-04', '2024-05', '2024-06', '2024-07']],
    ['a year', 366, ['2024-04', '2024-07', '2024-10', '2025-01']],
    ['five years', 1_826, ['2025', '2026', '2027', '2028', '2029']],
    ['twenty years', 7_305, ['2025', '2030', '2035', '2040']],
  ])('of %s of days says where months or years begin', (_name, count, labels) => {
    expect(dayTicks(daysFrom('2024-01-15', count), 6).map(({ label }) => label)).toEqual(labels);
  });
});

describe('a line of many values', () => {
  it('keeps every extreme when it is thinned, and all values where there are no more than pixels', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 500 }), (list, pixels) => {
        const places = thin(list, pixels);
        expect([...places].sort((a, b) => a - b)).toEqual(places);
        expect(new Set(places).size).toBe(places.length);
        expect(places.length).toBeLessThanOrEqual(list.length <= pixels ? list.length : pixels * 2);
        expect(extentOf(places.map((place) => list[place] ?? null))).toEqual(extentOf(list));
      }),
    );
  });

  it('covers in columns what the line passes, without a gap between neighbours', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), fc.integer({ min: 1, max: 200 }), (list, columns) => {
        const spans = spansOf(list, columns);
        expect(spans).toHaveLength(columns);
        expect(extentOf(spans.flatMap((span) => span ?? [null]))).toEqual(extentOf(list));
        for (let i = 1; i < columns; i++) {
          const [before, span] = [spans[i - 1], spans[i]];
          if (before && span)
            expect(Math.max(before[0], span[0])).toBeLessThanOrEqual(Math.min(before[1], span[1]));
        }
      }),
    );
    expect(spansOf([null, null], 3)).toEqual([null, null, null]);
  });
});
