import { type Measured, measured, notDefined } from './measured.ts';

/** Money of a day, YYYY-MM-DD: below 0 what is paid into an account, above 0 what is paid out or what it is worth at the end. */
export interface DatedFlow {
  day: string;
  amount: number;
}

/** A money-weighted return, and every rate that solves its equation. */
export interface MoneyWeighted {
  rate: Measured;
  /** Fractions a year, ascending. Of more than one none is the rate. */
  roots: number[];
}

const DAY_MS = 86_400_000;
// ln(1 + r) of what is searched: from the loss of all but a millionth to 8,000 times the money, in a year.
const LEAST = -14;
const MOST = 9;
const STEPS = 2_300;
const HALVINGS = 80;

/**
 * Money-weighted return (XIRR): the r of `Σ a·(1 + r)^(−d/365) = 0`, d in days from the first flow; a fraction a year. Not
 * defined of fewer than two flows, of one day, of flows of one sign, and where several rates solve it. Where everything
 * paid in is worth 0 at the end it is −1.
 */
export function moneyWeighted(flows: readonly DatedFlow[]): MoneyWeighted {
  const first = Math.min(...flows.map(({ day }) => Date.parse(day)));
  const byTime = new Map<number, number>();
  for (const { day, amount } of flows) {
    const years = (Date.parse(day) - first) / DAY_MS / 365;
    byTime.set(years, (byTime.get(years) ?? 0) + amount);
  }
  const terms = [...byTime].sort(([a], [b]) => a - b).map(([years, amount]) => ({ years, amount }));
  if (flows.length < 2) return { rate: notDefined('fewer than two flows'), roots: [] };
  if (terms.length < 2) return { rate: notDefined('all flows are of one day'), roots: [] };
  const isPaidIn = terms.some(({ amount }) => amount < 0);
  const isPaidOut = terms.some(({ amount }) => amount > 0);
  if (isPaidIn && !isPaidOut && terms.at(-1)?.amount === 0) return { rate: measured(-1), roots: [] };
  if (!isPaidIn || !isPaidOut) return { rate: notDefined('all flows have one sign'), roots: [] };
  const roots = rootsOf(terms);
  const [only, another] = roots;
  if (another !== undefined)
    return { rate: notDefined(`${roots.length} rates solve it: ${roots.map(percent).join(', ')}`), roots };
  return { rate: only === undefined ? notDefined('no rate solves it') : measured(only), roots };
}

const percent = (rate: number) => `${Number((rate * 100).toPrecision(6))} %`;

interface Term {
  years: number;
  amount: number;
}

/** The rates that solve it: where the sum changes its sign, and where it touches 0 between two places of the search. */
function rootsOf(terms: readonly Term[]): number[] {
  const value = (x: number) => scaled(terms, x, ({ amount }) => amount);
  const slope = (x: number) => scaled(terms, x, ({ amount, years }) => -years * amount);
  const place = (step: number) => LEAST + ((MOST - LEAST) * step) / STEPS;
  const found: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const from = place(step);
    const to = place(step + 1);
    const left = value(from);
    const right = value(to);
    if (left === 0) found.push(from);
    else if (left * right < 0) found.push(crossing(value, from, to));
    else if (right !== 0 && slope(from) * slope(to) < 0) {
      const turn = crossing(slope, from, to);
      const there = value(turn);
      if (there === 0) found.push(turn);
      else if (there * left < 0) found.push(crossing(value, from, turn), crossing(value, turn, to));
    }
  }
  if (value(MOST) === 0) found.push(MOST);
  return found.map((x) => Math.expm1(x));
}

/** `Σ c·e^(−x·years)` by the largest of its powers, so that none overflows; the sign is that of the sum. */
function scaled(terms: readonly Term[], x: number, coefficient: (term: Term) => number): number {
  const largest = -x * ((x > 0 ? terms[0] : terms.at(-1))?.years ?? 0);
  let total = 0;
  for (const term of terms) total += coefficient(term) * Math.exp(-x * term.years - largest);
  return total;
}

/** Where a function that has another sign at the one end than at the other is 0. */
function crossing(of: (x: number) => number, from: number, to: number): number {
  let low = from;
  let high = to;
  const isPositive = of(low) > 0;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (of(middle) > 0 === isPositive) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
