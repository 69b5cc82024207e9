import { quantile } from './statistics.ts';

/** Results from one amount to below another, in rupees; the first and the last bin have no outer bound if some are further out. */
export interface Bin {
  pnl_from: number | null;
  pnl_to: number | null;
  trades: number;
}

const MOST_BINS = 24;
/** The share of the results at either end that may be further out, so that one of them does not flatten the rest. */
const TAIL = 0.01;
const STEPS = [1, 2, 5, 10];
const PAISA = 100;

/** How often results are of what size: bins of one round width, none of which has results on both sides of 0. */
export function histogramOf(results: readonly number[]): Bin[] {
  if (results.length === 0) return [];
  const amounts = results.map((result) => Math.round(result * PAISA));
  const [low, high] = [quantile(amounts, TAIL), quantile(amounts, 1 - TAIL)];
  const width = roundUp((high - low) / (MOST_BINS - 2));
  const first = Math.floor(low / width);
  const count = Math.floor(high / width) - first + 1;
  const trades = new Array<number>(count).fill(0);
  let [below, above] = [false, false];
  for (const amount of amounts) {
    const place = Math.floor(amount / width) - first;
    below ||= place < 0;
    above ||= place >= count;
    const within = Math.min(count - 1, Math.max(0, place));
    trades[within] = (trades[within] ?? 0) + 1;
  }
  return trades.map((number, i) => ({
    pnl_from: i === 0 && below ? null : ((first + i) * width) / PAISA,
    pnl_to: i === count - 1 && above ? null : ((first + i + 1) * width) / PAISA,
    trades: number,
  }));
}

/** The next round number of paisa, one at least. */
function roundUp(paisa: number): number {
  if (paisa <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(paisa));
  return (STEPS.find((step) => step * power >= paisa) ?? 10) * power;
}
