import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exposure, holdingTimes, turnover } from '../../../src/domain/performance/activity.ts';
import { compare } from '../../../src/domain/performance/benchmark.ts';
import {
  deepest,
  depthsOf,
  drawdownsOf,
  longestRecovery,
  maxDrawdown,
  maxFall,
  perDrawdown,
  ulcer,
} from '../../../src/domain/performance/drawdowns.ts';
import { type Measured, measured } from '../../../src/domain/performance/measured.ts';
import { moneyWeighted } from '../../../src/domain/performance/money-weighted.ts';
import {
  annualGrowth,
  dailyReturns,
  expectedShortfall,
  indexOf,
  sharpe,
  sortino,
  timeWeighted,
  valueAtRisk,
  volatility,
} from '../../../src/domain/performance/returns.ts';
import { quantile, sum } from '../../../src/domain/performance/statistics.ts';
import {
  averageLoss,
  averageWin,
  expectancy,
  kelly,
  payoff,
  profitFactor,
  streaksOf,
  systemQuality,
  winRate,
} from '../../../src/domain/performance/trades.ts';

const undefinedAs = (reason: string): Measured => ({ value: null, reason });

describe('a figure that is not defined says why', () => {
  it.each<[string, Measured, string]>([
    ['a time-weighted return of no day', timeWeighted([]), 'there is no day'],
    ['growth of 29 days', annualGrowth(0.1, 29), 'fewer than 30 days are not annualised'],
    ['growth after a total loss', annualGrowth(-1, 365), 'all of the capital or more is lost'],
    ['volatility of one day', volatility([0.1]), 'fewer than 2 days'],
    ['Sharpe of equal returns', sharpe(Array(10).fill(0.01)), 'the daily returns do not differ'],
    ['Sortino without a loss', sortino([0.01, 0.02]), 'no day has a loss'],
    ['value at risk of 19 days', valueAtRisk(Array(19).fill(0)), 'fewer than 20 days'],
    ['shortfall of 19 days', expectedShortfall(Array(19).fill(0)), 'fewer than 20 days'],
    ['a drawdown from a debt', maxDrawdown(drawdownsOf([-1, -2])), 'a peak is not above 0'],
    [
      'recovery of what never recovered',
      longestRecovery(drawdownsOf([3, 2, 1])),
      'no drawdown has recovered',
    ],
    ['an ulcer index of no day', ulcer([1]), 'there is no day'],
    ['Calmar without a drawdown', perDrawdown(measured(1), measured(0)), 'there is no drawdown'],
    [
      'Calmar of what has no growth',
      perDrawdown(annualGrowth(0, 1), measured(1)),
      'fewer than 30 days are not annualised',
    ],
    ['a win rate of what broke even', winRate([0, 0]), 'no trade has a gain or a loss'],
    ['a mean win of none', averageWin([-1]), 'no trade has a gain'],
    ['a mean loss of none', averageLoss([1]), 'no trade has a loss'],
    ['a profit factor without a loss', profitFactor([1, 2]), 'no trade has a loss'],
    ['a payoff without a gain', payoff([-1]), 'no trade has a gain'],
    ['a payoff without a loss', payoff([1]), 'no trade has a loss'],
    ['an expectancy of nothing', expectancy([]), 'no trade has a gain or a loss'],
    ['a quality of one trade', systemQuality([1]), 'fewer than 2 trades'],
    ['a quality of equal trades', systemQuality([1, 1]), 'the trades do not differ'],
    ['Kelly without a loss', kelly([1]), 'no trade has a loss'],
    ['exposure of no day', exposure(0, 0), 'there is no day'],
    ['turnover of no day', turnover({ bought: 1, sold: 1 }, []), 'there is no day'],
    ['turnover of no capital', turnover({ bought: 1, sold: 1 }, [0]), 'the mean equity is not above 0'],
    ['a holding time of no trade', holdingTimes([]).median, 'no trade is closed'],
    [
      'a benchmark of 19 days',
      compare(Array(19).fill({ index: 1, close: 1 })).beta,
      'fewer than 20 days in common',
    ],
    [
      'a benchmark that stands still',
      compare(Array(20).fill({ index: 1, close: 1 })).alpha,
      'the benchmark does not move',
    ],
    ['what doubles cannot hold', measured(Number.POSITIVE_INFINITY), 'it exceeds what can be computed'],
  ])('%s', (_what, figure, reason) => {
    expect(figure).toEqual(undefinedAs(reason));
  });
});

describe('figures of trades', () => {
  it.each<[string, number | null, number]>([
    ['win rate leaves out what broke even', winRate([10, 0, -5, 10]).value, 2 / 3],
    ['payoff', payoff([10, 20, -5]).value, 3],
    ['expectancy', expectancy([10, 0, -4]).value, 3],
    ['Kelly', kelly([10, 20, -5, -5]).value, 0.5 - 0.5 / 3],
    ['system quality', systemQuality([1, 3]).value, 2],
    ['turnover', turnover({ bought: 300, sold: 200 }, [100, 300]).value, (200 * 252) / (2 * 200)],
    ['median holding time', holdingTimes([1, 2, 9]).median.value, 2],
    ['mean holding time', holdingTimes([1, 2, 9]).mean.value, 4],
    ['longest holding time', holdingTimes([1, 2, 9]).longest.value, 9],
  ])('%s', (_what, value, expected) => {
    expect(value).toBeCloseTo(expected, 12);
  });

  it.each<[number[], number, number, number]>([
    [[], 0, 0, 0],
    [[1, 1, -1, 1, 1, 1], 3, 1, 3],
    [[1, 1, 0, 1], 2, 0, 1],
    [[-1, -1, 0], 0, 2, 0],
    [[1, -1, -1, -1], 1, 3, -3],
  ])('streaks of %j', (results, wins, losses, current) => {
    expect(streaksOf(results)).toEqual({ wins, losses, current });
  });
});

describe('drawdowns', () => {
  it('have a peak, a trough and a recovery, of which the last may be open', () => {
    expect(drawdownsOf([100, 90, 95, 100, 120, 60, 80])).toEqual([
      { peak: 0, trough: 1, recovery: 3, fall: 10, depth: 0.1 },
      { peak: 4, trough: 5, recovery: null, fall: 60, depth: 0.5 },
    ]);
  });

  it('the deepest by fraction need not be the largest fall', () => {
    const all = drawdownsOf([1000, 1000, 500, 1000, 11_000, 10_000]);
    expect(maxFall(all)).toBe(1000);
    expect(maxDrawdown(all).value).toBe(0.5);
    expect(deepest(all, 1)).toEqual([all[0]]);
  });

  const curves = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });
  it('are the largest of all falls from an earlier value', () => {
    fc.assert(
      fc.property(curves, (curve) => {
        let fall = 0;
        let depth = 0;
        curve.forEach((peak, i) => {
          for (const value of curve.slice(i)) {
            fall = Math.max(fall, peak - value);
            depth = Math.max(depth, (peak - value) / peak);
          }
        });
        const all = drawdownsOf(curve);
        expect(maxFall(all)).toBe(fall);
        expect(maxDrawdown(all).value).toBeCloseTo(depth, 12);
        expect(Math.max(...depthsOf(curve))).toBeCloseTo(depth, 12);
        expect(all.filter(({ recovery }) => recovery === null).length).toBeLessThanOrEqual(1);
        for (const { peak, trough, recovery } of all) {
          expect(peak).toBeLessThan(trough);
          if (recovery !== null) expect(trough).toBeLessThan(recovery);
        }
      }),
    );
  });
});

const rates = fc.double({ min: -0.5, max: 0.5, noNaN: true });
const money = fc.integer({ min: 0, max: 1_000_000 });

describe('time-weighted returns', () => {
  it('depend on what was earned on the money, not on how much money there was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(rates, money, money), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        (days, times) => {
          let value = 1_000_000;
          const valued = days.map(([rate, paidIn, asked]) => {
            const before = (value + paidIn * times) * (1 + rate);
            const paidOut = Math.min(asked * times, before / 2);
            value = before - paidOut;
            return { paidIn: paidIn * times, paidOut, value };
          });
          const returns = dailyReturns(1_000_000, valued) as number[];
          for (const [i, each] of returns.entries()) expect(each).toBeCloseTo(days[i]?.[0] ?? 0, 9);
          expect(timeWeighted(returns).value).toBeCloseTo(
            days.reduce((all, [rate]) => all * (1 + rate), 1) - 1,
            9,
          );
        },
      ),
    );
  });

  it('are 0 without capital and result, and none once there is a debt or a result without capital', () => {
    const day = (paidIn: number, value: number) => ({ paidIn, paidOut: 0, value });
    expect(dailyReturns(0, [day(0, 0), day(100, 110)])).toEqual([0, 110 / 100 - 1]);
    expect(dailyReturns(0, [day(0, 0), day(0, 10), day(100, 110)])).toEqual([0, null, null]);
    expect(dailyReturns(100, [day(0, -50), day(0, -60), day(1000, 900)])).toEqual([null, null, null]);
  });

  it('chain to an index that begins with 1', () => {
    expect(indexOf([0.5, -0.5])).toEqual([1, 1.5, 0.75]);
  });
});

describe('money-weighted returns', () => {
  it.each<[string, [string, number][], string]>([
    ['of nothing', [], 'fewer than two flows'],
    ['of one flow', [['2026-01-01', -1]], 'fewer than two flows'],
    [
      'of one day',
      [
        ['2026-01-01', -1],
        ['2026-01-01', 2],
      ],
      'all flows are of one day',
    ],
    [
      'of one sign',
      [
        ['2026-01-01', -1],
        ['2026-02-01', -2],
      ],
      'all flows have one sign',
    ],
    [
      'with two rates',
      [
        ['2026-01-01', -100],
        ['2027-01-01', 230],
        ['2028-01-01', -132],
      ],
      '2 rates solve it: 10 %, 20 %',
    ],
    [
      'without a rate',
      [
        ['2026-01-01', 100],
        ['2027-01-01', -150],
        ['2028-01-01', 100],
      ],
      'no rate solves it',
    ],
  ])('%s: none', (_what, flows, reason) => {
    expect(moneyWeighted(flows.map(([day, amount]) => ({ day, amount }))).rate).toEqual(undefinedAs(reason));
  });

  it('find the rate that money grew at, whatever was paid in and when', () => {
    const day = (n: number) => new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10);
    fc.assert(
      fc.property(
        fc.double({ min: -0.9, max: 5, noNaN: true }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 1e6 })), {
          minLength: 1,
          maxLength: 20,
        }),
        (rate, paid) => {
          const end = sum(paid.map(([at, amount]) => amount * (1 + rate) ** ((1000 - at) / 365)));
          const flows = [
            ...paid.map(([at, amount]) => ({ day: day(at), amount: -amount })),
            { day: day(1000), amount: end },
          ];
          expect(Math.abs((moneyWeighted(flows).rate.value ?? Number.NaN) - rate)).toBeLessThan(
            1e-7 * (1 + rate),
          );
        },
      ),
    );
  });
});

describe('a benchmark', () => {
  const days = (own: (b: number) => number) => {
    let index = 1;
    let close = 100;
    return Array.from({ length: 41 }, (_, i) => {
      if (i === 0) return { index, close };
      const b = ((i * 7919) % 13) / 1000 - 0.006;
      close *= 1 + b;
      index *= 1 + own(b);
      return { index, close };
    });
  };

  it('of twice the moves and a thousandth a day more', () => {
    const { beta, alpha, rSquared, upCapture } = compare(days((b) => 2 * b + 0.001));
    expect(beta.value).toBeCloseTo(2, 9);
    expect(alpha.value).toBeCloseTo(0.252, 9);
    expect(rSquared.value).toBeCloseTo(1, 9);
    expect(upCapture.value).toBeGreaterThan(2);
  });

  it('that is followed has no deviation to relate to', () => {
    const { trackingError, informationRatio, downCapture } = compare(days((b) => b));
    expect(trackingError.value).toBeCloseTo(0, 9);
    expect(informationRatio).toEqual(undefinedAs('it does not deviate from the benchmark'));
    expect(downCapture.value).toBeCloseTo(1, 9);
  });
});

describe('statistics', () => {
  it.each<[number[], number, number]>([
    [[1], 0.05, 1],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[1, 2, 3, 4, 5], 0.05, 1.2],
  ])('the quantile of %j at %f', (values, q, expected) => {
    expect(quantile(values, q)).toBeCloseTo(expected, 12);
  });

  it('sums do not lose what doubles would', () => {
    expect(sum([1e16, 1, -1e16])).toBe(1);
  });

  it('the shortfall is the mean of the worst days', () => {
    const returns = Array.from({ length: 40 }, (_, i) => i / 100 - 0.2);
    expect(valueAtRisk(returns).value).toBeCloseTo(-0.1805, 12);
    expect(expectedShortfall(returns).value).toBeCloseTo((-0.2 - 0.19) / 2, 12);
  });
});
