/** Steps of prices and how far a market order may go, as the exchanges state them. Rupees. */

const TICKS: readonly (readonly [below: number, tick: number])[] = [
  [250, 0.01],
  [1_000.005, 0.05],
  [5_000.005, 0.1],
  [10_000.005, 0.5],
  [20_000.005, 1],
];
const LARGEST_TICK = 5;

/**
 * The tick of a share at NSE, in rupees, by its last close of the month before: below 250, and up to 1,000, 5,000, 10,000
 * and 20,000 included. In force since 15 April 2025. The instrument master has it, where one was imported.
 * @public
 */
export const tickByClose = (close: number): number =>
  TICKS.find(([below]) => close < below)?.[1] ?? LARGEST_TICK;

// Currencies have ticks of a quarter of a paisa.
const PER_RUPEE = 10_000;

/** Whether a price is a multiple of a tick, in whole hundredths of a paisa: doubles have no remainder that counts. */
export const isOnTick = (price: number, tick: number): boolean =>
  Math.round(price * PER_RUPEE) % Math.round(tick * PER_RUPEE) === 0;

/** The multiples of a tick around a price that is none, in rupees. */
export function ticksAround(price: number, tick: number): [below: number, above: number] {
  const step = Math.round(tick * PER_RUPEE);
  const below = Math.floor(Math.round(price * PER_RUPEE) / step) * step;
  return [below / PER_RUPEE, (below + step) / PER_RUPEE];
}

const SHARES: readonly (readonly [below: number, percent: number])[] = [
  [100, 2],
  [500, 1],
];
const OPTIONS: readonly (readonly [below: number, percent: number])[] = [
  [10, 5],
  [100, 3],
  [500, 2],
];

/**
 * By how many percent of the last price a MARKET order is limited at the broker, which sends it as a limit order: slabs of
 * shares and futures, and of options.
 * @public
 */
export function marketProtection(price: number, kind: 'EQ' | 'FUT' | 'OPT'): number {
  const [slabs, rest] = kind === 'OPT' ? [OPTIONS, 1] : [SHARES, 0.5];
  return slabs.find(([below]) => price < below)?.[1] ?? rest;
}
