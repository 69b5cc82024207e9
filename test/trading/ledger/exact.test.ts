import { describe, expect, test } from 'vitest';
import { applyFill, type Execution, type Position } from '../../../src/domain/position.ts';

/** A rational number; rupees are in units of 1/100,000, so that prices are whole. */
type Fraction = readonly [numerator: bigint, denominator: bigint];
const UNIT = 100_000n;

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));
function fraction(numerator: bigint, denominator: bigint): Fraction {
  const by = gcd(numerator < 0n ? -numerator : numerator, denominator);
  return by > 1n ? [numerator / by, denominator / by] : [numerator, denominator];
}
const plus = ([a, b]: Fraction, [c, d]: Fraction) => fraction(a * d + c * b, b * d);
const times = ([a, b]: Fraction, by: bigint) => fraction(a * by, b);

/** To whole paisa, halves away from zero. */
function inPaisa([a, b]: Fraction): bigint {
  const [size, unit] = [a < 0n ? -a : a, b * (UNIT / 100n)];
  const rounded = (2n * size + unit) / (2n * unit);
  return a < 0n ? -rounded : rounded;
}

/** A generator of whole numbers from 0 up to `below`, the same in every run. */
function numbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Kind {
  name: string;
  shares: number;
  /** Prices in units of 1/100,000 of a rupee. */
  price: (next: (below: number) => number) => number;
}

const KINDS: Kind[] = [
  { name: 'at ticks of five paisa', shares: 5_000, price: (next) => (1 + next(100_000)) * 5_000 },
  { name: 'at half paisa', shares: 999, price: (next) => (1 + next(500_000)) * 500 },
  { name: 'at sums of crores', shares: 90_000, price: (next) => (2_000_000 + next(900_000)) * 1_000 },
];

/** What is held of a symbol: signed shares, their cost, and what was realized since the position opened. */
interface Held {
  shares: bigint;
  cost: Fraction;
  realized: Fraction;
}
interface Fill extends Execution {
  units: bigint;
}
const NOTHING: Held = { shares: 0n, cost: [0n, 1n], realized: [0n, 1n] };
const size = (shares: bigint) => (shares < 0n ? -shares : shares);

/** Books a fill in fractions; gives what it credits, in paisa. */
function book(held: Held, { side, quantity, units }: Fill): { held: Held; credit: bigint } {
  const moved = BigInt(side === 'BUY' ? quantity : -quantity);
  const shares = held.shares + moved;
  if (held.shares * moved >= 0n) {
    const { realized } = held.shares === 0n ? NOTHING : held;
    return { held: { shares, cost: plus(held.cost, [units * size(moved), 1n]), realized }, credit: 0n };
  }
  const closing = size(moved) < size(held.shares) ? size(moved) : size(held.shares);
  const part = fraction(held.cost[0] * closing, held.cost[1] * size(held.shares));
  const gain = times(plus([units * closing, 1n], times(part, -1n)), held.shares > 0n ? 1n : -1n);
  const realized = plus(held.realized, gain);
  const credit = inPaisa(realized) - inPaisa(held.realized);
  if (shares * held.shares > 0n)
    return { held: { shares, cost: plus(held.cost, times(part, -1n)), realized }, credit };
  return { held: { ...NOTHING, shares, cost: [units * size(shares), 1n] }, credit };
}

/** A random fill; every thirtieth ends what is held, so that the fractions stay short. */
function randomFill(
  i: number,
  { shares: held }: Held,
  { shares, price }: Kind,
  next: ReturnType<typeof numbers>,
): Fill {
  const units = price(next);
  const at = { price: units / Number(UNIT), units: BigInt(units) };
  if (i % 30 === 29 && held !== 0n)
    return { ...at, side: held > 0n ? 'SELL' : 'BUY', quantity: Number(size(held)) };
  return { ...at, side: next(2) === 0 ? 'BUY' : 'SELL', quantity: 1 + next(shares) };
}

describe('27,000 fills', () => {
  test.each(KINDS)('$name credit what exact fractions come to, every one', (kind) => {
    const next = numbers(7);
    let position: Position | null = null;
    let held = NOTHING;
    const wrong: unknown[] = [];
    for (let i = 0; i < 27_000; i++) {
      const fill = randomFill(i, held, kind, next);
      const effect = applyFill(position, fill);
      const expected = book(held, fill);
      held = expected.held;
      if (BigInt(effect.realized.replace('.', '')) !== expected.credit)
        wrong.push([i, effect.realized, expected.credit]);
      position = effect.opened ?? (effect.position.status === 'OPEN' ? effect.position : null);
    }
    expect(wrong).toEqual([]);
  });
});
