import { Decimal, type Rupees, rupeesOf } from '../money.ts';

const ZERO = new Decimal(0);

/**
 * Splits an amount of rupees and paisa in proportion to weights, none negative, by the largest remainder: the parts come
 * to the whole, and none is more than a paisa off its share. Without any weight the parts are equal.
 */
export function allocate(amount: Rupees, weights: readonly Decimal[]): Rupees[] {
  const sum = weights.reduce((total, weight) => total.plus(weight), ZERO);
  const even = sum.eq(0);
  const paisa = new Decimal(amount).times(100);
  const shares = weights.map((weight) => (even ? paisa.div(weights.length) : paisa.times(weight).div(sum)));
  const whole = shares.map((share) => share.round(0, DOWN));
  const left = Number(paisa.minus(whole.reduce((total, part) => total.plus(part), ZERO)).toFixed());
  const order = shares
    .map((share, at) => ({ at, rest: share.minus(whole[at] as Decimal).abs() }))
    .sort((a, b) => b.rest.cmp(a.rest) || a.at - b.at);
  const lucky = new Set(order.slice(0, Math.abs(left)).map(({ at }) => at));
  return whole.map((part, at) =>
    rupeesOf(BigInt(part.toFixed()) + (lucky.has(at) ? BigInt(Math.sign(left)) : 0n)),
  );
}

const DOWN = 0;
