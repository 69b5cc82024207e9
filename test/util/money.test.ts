import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addMoney,
  amountText,
  Decimal,
  formatRupees,
  meanPrice,
  toDouble,
  toPaisa,
} from '../../src/domain/money.ts';

/** Decimal text of a whole number of units of 10^-places, made without any of the code under test. */
function decimalText(units: bigint, places: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

describe('toPaisa', () => {
  test.each([
    ['0', '0.00'],
    ['-0', '0.00'],
    ['-0.004', '0.00'],
    ['0.005', '0.01'],
    ['-0.005', '-0.01'],
    ['2.675', '2.68'],
    ['1234567.894999999999999999999', '1234567.89'],
    ['99999999999999999999.995', '100000000000000000000.00'],
  ])('text %s is %s', (amount, paisa) => {
    expect(toPaisa(amount)).toBe(paisa);
    expect(toPaisa(new Decimal(amount))).toBe(paisa);
  });

  // Each checked against `select round($1::float8::numeric, 2)`.
  test.each([
    [1.005, '1.01'],
    [2.974999999999999, '2.98'],
    [2.97499999999999, '2.97'],
    [-25.664999999999996, '-25.67'],
    [0.1 + 0.2, '0.30'],
    [-0, '0.00'],
    [1e-300, '0.00'],
    [9999999999999.99, '9999999999999.99'],
  ])('the double %d is %s, as PostgreSQL rounds it', (amount, paisa) => expect(toPaisa(amount)).toBe(paisa));

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 'ten', ''])('%s is refused', (amount) =>
    expect(() => toPaisa(amount)).toThrow(),
  );

  test('rounds halves away from zero', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (units) => {
        const magnitude = units < 0n ? -units : units;
        const paisa = (magnitude + 50n) / 100n;
        expect(toPaisa(decimalText(units, 4))).toBe(decimalText(units < 0n ? -paisa : paisa, 2));
      }),
    );
  });

  test('a double comes to what its first 15 digits come to', () => {
    const exact = (amount: number) =>
      new Decimal(amount.toPrecision(15)).toFixed(2).replace(/^-(?=0\.00$)/, '');
    const halves = fc.integer().map((n) => n / 1_000 + 0.005);
    fc.assert(
      fc.property(fc.oneof(halves, fc.double({ noNaN: true, min: -1e14, max: 1e14 })), (amount) => {
        expect(toPaisa(amount)).toBe(exact(amount));
      }),
      { numRuns: 500 },
    );
  });
});

test('addMoney is exact where doubles are not', () => {
  const sum = (a: string, b: string) => addMoney(toPaisa(a), toPaisa(b));
  expect(sum('0.10', '0.20')).toBe('0.30');
  expect(sum('9007199254740993.01', '0.01')).toBe('9007199254740993.02');
  expect(sum('-0.01', '0.01')).toBe('0.00');
  const paisa = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
  fc.assert(
    fc.property(paisa, paisa, (a, b) => {
      expect(sum(decimalText(a, 2), decimalText(b, 2))).toBe(decimalText(a + b, 2));
    }),
  );
});

test('toDouble never gives minus zero', () => {
  expect(toDouble(new Decimal('-0'))).toBe(0);
  expect(toDouble(new Decimal(5).times(-1).plus(5).times(-1))).toBe(0);
  expect(toDouble(new Decimal('10.1'))).toBe(10.1);
});

test('meanPrice weighs by shares', () => {
  expect(meanPrice({ quantity: 10, price: 10 }, { quantity: 5, price: 12.5 })).toBe(10.833333333333334);
  expect(meanPrice({ quantity: 0, price: 0 }, { quantity: 7, price: 0.1 })).toBe(0.1);
});

describe('formatRupees', () => {
  test.each([
    ['1234567.89', '₹12,34,567.89'],
    ['-1234567.89', '-₹12,34,567.89'],
    ['0.00', '₹0.00'],
    ['-0.00', '₹0.00'],
    ['999.50', '₹999.50'],
    ['1000.00', '₹1,000.00'],
    ['-100000.00', '-₹1,00,000.00'],
    ['5', '₹5.00'],
    ['2500.5', '₹2,500.50'],
    ['0012.00', '₹12.00'],
    ['9999999999999.99', '₹99,99,99,99,99,999.99'],
    ['not money', 'not money'],
    ['1e21', '1e21'],
  ])('%s is %s', (amount, shown) => expect(formatRupees(amount)).toBe(shown));

  test('groups as the en-IN locale does, and loses no digit', () => {
    const locale = new Intl.NumberFormat('en-IN');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.boolean(), (paisa, negative) => {
        const amount = decimalText(negative ? -paisa : paisa, 2);
        const minus = amount.startsWith('-') ? '-' : '';
        expect(formatRupees(amount)).toBe(`${minus}₹${locale.format(paisa / 100n)}.${amount.slice(-2)}`);
      }),
    );
  });
});

test.each([
  [10_000, '10000.00'],
  [-0.5, '-0.50'],
  [2449.125, '2449.125'],
  [1e21, '1000000000000000000000.00'],
  ['1e-07', '0.0000001'],
  ['-12.5', '-12.50'],
  ['1000000.00', '1000000.00'],
  ['no number', 'no number'],
])('the amount %s is %s for a machine', (amount, text) => {
  expect(amountText(amount)).toBe(text);
});
