import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixed, minus, nearestDouble, over, plus, times, wholePaisa } from '../../src/domain/fixed.ts';
import { addMoney, meanPrice, type Rupees, rupeesOf } from '../../src/domain/money.ts';

const Reference = Big();
Reference.DP = 40;
Reference.RM = 1;

const price = fc.oneof(
  fc.integer({ min: 1, max: 100_000_000_000 }).map((paisa) => paisa / 100),
  fc.double({ min: 0.01, max: 1e9, noNaN: true }),
  fc.double({ min: 1e-12, max: 1e-5, noNaN: true }),
);
const shares = fc.integer({ min: 1, max: 2_147_483_647 });

describe('exact decimals', () => {
  test('come to what decimals of 40 places come to: means, differences, products, doubles and paisa', () => {
    fc.assert(
      fc.property(price, shares, price, shares, (a, m, b, n) => {
        const mean = over(plus(times(fixed(a), m), times(fixed(b), n)), m + n);
        const expected = new Reference(a)
          .times(m)
          .plus(new Reference(b).times(n))
          .div(m + n);
        expect(String(mean)).toBe(expected.times(new Reference(10).pow(40)).toFixed(0));
        expect(nearestDouble(mean)).toBe(expected.toNumber());
        const gain = times(minus(fixed(b), mean), n);
        const gained = new Reference(b).minus(expected).times(n);
        expect(nearestDouble(gain)).toBe(gained.toNumber() + 0);
        expect(rupeesOf(wholePaisa(gain))).toBe(
          gained
            .round(30)
            .toFixed(2)
            .replace(/^-0\.00$/, '0.00'),
        );
        expect(meanPrice({ price: a, quantity: m }, { price: b, quantity: n })).toBe(expected.toNumber());
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    [0.005, 1n],
    [-0.005, -1n],
    [0.004_999, 0n],
    [1e-7, 0n],
    [1e21, 100_000_000_000_000_000_000_000n],
    [0, 0n],
  ])('of %d rupees are %d whole paisa', (value, paisa) => expect(wholePaisa(fixed(value))).toBe(paisa));

  test('give no minus zero, and take no infinity', () => {
    expect(Object.is(nearestDouble(minus(fixed(1), fixed(1))), 0)).toBe(true);
    expect(Object.is(nearestDouble(fixed(-0)), 0)).toBe(true);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => fixed(value)).toThrow(`${value} is no decimal`);
  });
});

test.each([
  ['0.10', '0.20', '0.30'],
  ['-0.05', '0.01', '-0.04'],
  ['0', '1.5', '1.50'],
  ['-1.00', '1', '0.00'],
  ['9999999999999.99', '0.01', '10000000000000.00'],
])('%s and %s rupees are %s', (a, b, sum) => expect(addMoney(a as Rupees, b as Rupees)).toBe(sum));
