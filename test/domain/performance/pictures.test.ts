import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exposures, type Movement } from '../../../src/domain/performance/account-days.ts';
import { histogramOf } from '../../../src/domain/performance/histogram.ts';
import { rollingSharpe, sharpe } from '../../../src/domain/performance/returns.ts';

const amounts = fc.array(
  fc.integer({ min: -1e9, max: 1e9 }).map((paisa) => paisa / 100),
  { minLength: 1, maxLength: 300 },
);

describe('a histogram', () => {
  it('counts every result once, in bins of one width that touch, none across 0', () => {
    fc.assert(
      fc.property(amounts, (results) => {
        const bins = histogramOf(results);
        expect(bins.length).toBeLessThanOrEqual(24);
        expect(bins.reduce((sum, { trades }) => sum + trades, 0)).toBe(results.length);
        for (const { pnl_from, pnl_to, trades } of bins) {
          const within = results.filter(
            (each) => (pnl_from === null || each >= pnl_from) && (pnl_to === null || each < pnl_to),
          );
          expect(trades).toBe(within.length);
          if (pnl_from !== null && pnl_to !== null) expect(pnl_from >= 0 || pnl_to <= 0).toBe(true);
        }
      }),
    );
  });

  it('has open ends for what is far out, one bin for equal results, and none for none', () => {
    const results = [...Array.from({ length: 200 }, (_, i) => i - 100), 1e6];
    const bins = histogramOf(results);
    expect(bins[0]?.pnl_from).toBe(-100);
    expect(bins.at(-1)?.pnl_to).toBeNull();
    expect(histogramOf([5, 5])).toEqual([{ pnl_from: 5, pnl_to: 5.01, trades: 2 }]);
    expect(histogramOf([])).toEqual([]);
  });
});

it('a rolling Sharpe ratio is that of its window', () => {
  const returns = [0.01, -0.02, 0.03, 0.01, 0, 0];
  expect(rollingSharpe(returns, 0.05, 3)).toEqual([
    null,
    null,
    ...[0, 1, 2, 3].map((from) => sharpe(returns.slice(from, from + 3), 0.05).value),
  ]);
});

it('exposure is that of today without what came since, on days without a movement too', () => {
  const moved = (day: string, bought: number, sold: number, realized: number) =>
    ({ day, bought, sold, realized }) as Movement;
  // Ten shares at 100; five sold at 120; three sold short at 50; one bought back at 60; today one more of the first at 90.
  const movements = [
    moved('2024-01-01', 1_000, 0, 0),
    moved('2024-01-03', 0, 750, 100),
    moved('2024-01-04', 60, 0, -10),
    moved('2024-01-09', 90, 0, 0),
  ];
  const days = ['2023-12-31', '2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04'].map((day) => ({ day }));
  expect(exposures(490, movements, days)).toEqual([0, 1_000, 1_000, 350, 400]);
});
