import { describe, expect, it } from 'vitest';
import { mintId } from '../../../src/domain/id.ts';
import {
  boundOf,
  END,
  endOfHistory,
  monthOf,
  monthsAhead,
  timeOf,
} from '../../../src/operations/partitions/months.ts';

const at = (text: string) => new Date(text);

describe('the months of partitions', () => {
  it.each([
    ['2026-01-31T23:59:59.999Z', 0, '2026-01-01T00:00:00.000Z', 'orders_2026_01'],
    ['2026-01-31T23:59:59.999Z', 1, '2026-02-01T00:00:00.000Z', 'orders_2026_02'],
    ['2026-12-15T00:00:00Z', 1, '2027-01-01T00:00:00.000Z', 'orders_2027_01'],
    ['2026-03-01T00:00:00Z', -1, '2026-02-01T00:00:00.000Z', 'orders_2026_02'],
  ])('%s and %i later', (now, later, start, partition) => {
    expect(monthOf(at(now), later)).toMatchObject({ start: at(start), partition });
  });

  it.each([
    ['2026-01-10T00:00:00Z', '2026-02-01T00:00:00.000Z'],
    ['2026-01-25T00:00:00Z', '2026-02-01T00:00:00.000Z'],
    ['2026-01-25T00:00:00.001Z', '2026-03-01T00:00:00.000Z'],
    ['2026-12-31T00:00:00Z', '2027-02-01T00:00:00.000Z'],
  ])('history of %s ends at %s', (now, end) => {
    expect(endOfHistory(at(now))).toEqual(at(end));
  });

  it('names the months ahead, those before the first left out', () => {
    const months = monthsAhead(at('2026-03-01T00:00:00Z'), at('2026-02-10T00:00:00Z'), 3);
    expect(months.map(({ partition }) => partition)).toEqual([
      'orders_2026_03',
      'orders_2026_04',
      'orders_2026_05',
    ]);
  });

  it('a bound is the least id of its time', () => {
    const now = at('2026-03-01T00:00:00Z');
    const before = new Date(now.getTime() - 1);
    expect(timeOf(boundOf(now))).toEqual(now);
    expect(timeOf(END)).toBeNull();
    expect(mintId('ord', now) >= boundOf(now)).toBe(true);
    expect(mintId('ord', before) < boundOf(now)).toBe(true);
  });
});
