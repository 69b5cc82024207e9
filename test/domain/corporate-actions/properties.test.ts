import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyEffect } from '../../../src/domain/action-effect.ts';
import { costOf, demerged, merged, scaled } from '../../../src/domain/corporate-actions/outcome.ts';
import { combine, type Ratio, scale } from '../../../src/domain/corporate-actions/ratio.ts';
import { addMoney, Decimal } from '../../../src/domain/money.ts';
import { applyFill, type Position } from '../../../src/domain/position.ts';

const ratio: fc.Arbitrary<Ratio> = fc.record({
  numerator: fc.integer({ min: 1, max: 50 }),
  denominator: fc.integer({ min: 1, max: 50 }),
});
/** A position that some executions of one side made, so that its average has many digits. */
const position: fc.Arbitrary<Position> = fc
  .record({
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    lots: fc.array(
      fc.record({
        quantity: fc.integer({ min: 1, max: 5_000 }),
        price: fc.integer({ min: 1, max: 10_000_000 }).map((paisa) => paisa / 100),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ side, lots }) =>
    lots.reduce<Position | null>((held, lot) => applyFill(held, { side, ...lot }).position, null),
  )
  .map((held) => held as Position);

it('a split keeps the cost exactly, and the fraction is what is missing', () => {
  fc.assert(
    fc.property(position, ratio, (held, factor) => {
      const outcome = scaled(held, factor, null);
      const { whole, fraction } = scale(held.quantity, factor);
      if (!outcome?.own) {
        expect(whole).toBe(0);
        return;
      }
      const after = applyEffect(held, outcome.own);
      expect(after.quantity).toBe(whole);
      expect(costOf(after)).toBe(costOf(held));
      const left = fraction ? new Decimal(fraction.numerator).div(fraction.denominator) : new Decimal(0);
      const exact = new Decimal(held.quantity).times(factor.numerator).div(factor.denominator);
      expect(left.plus(whole).minus(exact).abs().lt('1e-15')).toBe(true);
    }),
  );
});

it('cost that moves to other shares comes to the paisa, and none is made', () => {
  fc.assert(
    fc.property(position, ratio, fc.integer({ min: 1, max: 99_999_999 }), (held, terms, millionths) => {
      const costPercent = new Decimal(millionths).div(1_000_000).toFixed();
      const outcomes = [demerged(held, terms, { costPercent, cashPrice: null }), merged(held, terms, null)];
      for (const outcome of outcomes) {
        if (!outcome?.own || !outcome.other) continue;
        const parent = applyEffect(held, outcome.own);
        const child = applyEffect(null, outcome.other);
        const total = addMoney(parent.status === 'OPEN' ? costOf(parent) : ('0.00' as never), costOf(child));
        expect(total).toBe(costOf(held));
        expect(child.side).toBe(held.side);
      }
    }),
  );
});

it('ratios one after the other cut no less than all at once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.array(ratio, { minLength: 1, maxLength: 4 }),
      (shares, ratios) => {
        const stepwise = ratios.reduce((held, each) => scale(held, each).whole, shares);
        expect(stepwise).toBeLessThanOrEqual(scale(shares, combine(ratios)).whole);
      },
    ),
  );
});
