import { formatRupees, toPaisa } from '../../domain/money.ts';

/** What a value is measured in. */
export type Unit = 'rupees' | 'percent' | 'ratio' | 'count';

/** A value as a reader should know it: rupees to the paisa, percent and ratios with two decimals. */
export function exactLabel(unit: Unit, value: number): string {
  if (unit === 'rupees') return formatRupees(toPaisa(value));
  if (unit === 'count') return value.toLocaleString('en-IN', { maximumFractionDigits: 0 });
  const text = unsignedZero(value.toFixed(2));
  return unit === 'percent' ? `${text}%` : text;
}

/** Zero has no sign, also where it is what is left of a negative number. */
const unsignedZero = (text: string) => text.replace(/^-(?=[0.]+$)/, '');

const LAKH = 100_000;
const CRORE = 10_000_000;

/** Short labels of the ticks of one axis, with as many decimals as tell them apart: `12.5 L`, `2 Cr`. */
export function tickLabels(unit: Unit, ticks: readonly number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs));
  const [divisor, suffix] = unit === 'rupees' ? scaleOf(largest) : [1, unit === 'percent' ? '%' : ''];
  const [first = 0, second = 0] = ticks;
  const step = Math.abs(second - first) / divisor;
  const digits = decimalsOf(step);
  return ticks.map((tick) => {
    const value = (tick / divisor).toLocaleString('en-IN', {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    return `${unsignedZero(value)}${suffix}`;
  });
}

function scaleOf(largest: number): [divisor: number, suffix: string] {
  if (largest >= CRORE) return [CRORE, ' Cr'];
  return largest >= LAKH ? [LAKH, ' L'] : [1, ''];
}

const MOST_DECIMALS = 6;

/** The decimals that a step of 1, 2 or 5 by a power of ten, or a quarter of ten, needs. */
function decimalsOf(step: number): number {
  for (let digits = 0; digits < MOST_DECIMALS; digits++) {
    const scaled = step * 10 ** digits;
    if (Math.abs(scaled - Math.round(scaled)) <= 1e-6 * scaled) return digits;
  }
  return MOST_DECIMALS;
}

const SHORT: readonly [divisor: number, suffix: string][] = [
  [CRORE, 'Cr'],
  [LAKH, 'L'],
  [1_000, 'k'],
];

/** A change with its sign in few characters: `+1.2`, `-0.4`, `0.0`; of rupees `+3.4L`, `-12k`. */
export function signedLabel(unit: Unit, value: number): string {
  const [divisor, suffix] = (unit === 'rupees' && SHORT.find(([each]) => Math.abs(value) >= each)) || [1, ''];
  const text = (value / divisor).toFixed(1);
  if (Number(text) === 0) return '0.0';
  return `${value > 0 ? '+' : ''}${unit === 'rupees' ? Number(text) : text}${suffix}`;
}
