import * as z from 'zod/mini';
import { fixed, nearestDouble, over, times } from '../fixed.ts';
import { Decimal, MAX_SHARES, type Rupees, toPaisa } from '../money.ts';

/** New shares for old ones, as an exact pair: 2 for 1. */
export interface Ratio {
  numerator: number;
  denominator: number;
}

const MAX_TERM = 1_000_000;
const RATIO_RULE = `must be two whole numbers from 1 to ${MAX_TERM}, new shares for old ones, such as 2:1`;
const RATIO = /^([1-9]\d{0,6}):([1-9]\d{0,6})$/;

/** A ratio as it is written, `NEW:OLD`. */
export const ratioText = z.pipe(
  z.string().check(
    z.refine(
      (text) => {
        const terms = RATIO.exec(text)?.slice(1).map(Number);
        return terms?.every((term) => term <= MAX_TERM) ?? false;
      },
      { error: RATIO_RULE },
    ),
  ),
  z.transform((text): Ratio => {
    const [numerator = 1, denominator = 1] = text.split(':').map(Number);
    return { numerator, denominator };
  }),
);

export const ratioOf = ({ numerator, denominator }: Ratio): string => `${numerator}:${denominator}`;

const commonDivisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : commonDivisor(b, a % b));

/**
 * Several ratios as one: numerators and denominators are multiplied, and what they have in common is divided out once, so that
 * no fraction is cut in between. Throws RangeError where a term would be beyond what a double counts exactly.
 */
export function combine(ratios: readonly Ratio[]): Ratio {
  const numerator = ratios.reduce((product, each) => product * BigInt(each.numerator), 1n);
  const denominator = ratios.reduce((product, each) => product * BigInt(each.denominator), 1n);
  const common = commonDivisor(numerator, denominator);
  const terms = [numerator / common, denominator / common] as const;
  if (terms.some((term) => term > BigInt(Number.MAX_SAFE_INTEGER)))
    throw new RangeError(`the ratio ${terms.join(':')} is out of range`);
  return { numerator: Number(terms[0]), denominator: Number(terms[1]) };
}

/** Whole shares, and the part of one that is left over, of the same kind. */
export interface Scaled {
  whole: number;
  /** Below 1; null where nothing is left over. */
  fraction: Ratio | null;
}

/** Throws RangeError where so many shares are more than a position holds. */
export function requireHoldable(shares: number | bigint): void {
  if (shares > MAX_SHARES) throw new RangeError(`${shares} shares are more than a position holds`);
}

/**
 * What so many shares become, `⌊shares·numerator/denominator⌋`, and the fraction that is cut. `shares` is without a sign. Throws
 * RangeError beyond the shares that a position holds.
 */
export function scale(shares: number, { numerator, denominator }: Ratio): Scaled {
  const product = BigInt(shares) * BigInt(numerator);
  const by = BigInt(denominator);
  const whole = product / by;
  requireHoldable(whole);
  const rest = product % by;
  const common = commonDivisor(rest, by);
  return {
    whole: Number(whole),
    fraction: rest === 0n ? null : { numerator: Number(rest / common), denominator: Number(by / common) },
  };
}

/** A price of an old share as that of a new one: divided by the ratio. Rupees per share. */
export const priceBy = (price: number, { numerator, denominator }: Ratio): number =>
  nearestDouble(over(times(fixed(price), denominator), numerator));

/** What a fraction of a share is paid with at a price of a whole one, rupees to the paisa. */
export const worthOf = ({ numerator, denominator }: Ratio, price: string): Rupees =>
  toPaisa(new Decimal(price).times(numerator).div(denominator));
