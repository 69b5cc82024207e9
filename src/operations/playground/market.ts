import { dayAfter } from '../../domain/day.ts';
import { FALL, FIRST_PRICES, type Share, type Trader } from './traders.ts';

/** An execution, as a line of a file of trades. */
export interface MadeTrade {
  /** Its day, counted from 0. */
  day: number;
  /** In Kolkata, HH:MM:SS. */
  time: string;
  symbol: Share;
  side: 'BUY' | 'SELL';
  quantity: number;
  price: number;
}

/** Closing prices of each share: by day, the one before the first included as index 0. Rupees. */
export type Closes = Readonly<Record<Share, readonly number[]>>;

export const SHARES = Object.keys(FIRST_PRICES) as Share[];
/** By how much a share moves on a day at most, up or down. */
const MOST_MOVE = 0.022;
/** How many days a position is held. */
const HOLDING = [0, 0, 1, 3];
const TICK = 0.05;

/** Numbers from 0 to 1 that are the same in every run. */
function steadyRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The last so many weekdays before a day, oldest first; all YYYY-MM-DD. */
export function weekdaysBefore(day: string, count: number): string[] {
  const days: string[] = [];
  for (let at = dayAfter(day, -1); days.length < count; at = dayAfter(at, -1))
    if (![0, 6].includes(new Date(at).getUTCDay())) days.unshift(at);
  return days;
}

/** Prices that wander for so many days; on the last one a share falls. */
export function closingPrices(days: number): Closes {
  const walk = (share: Share, n: number): number[] => {
    const random = steadyRandom(n + 1);
    const closes: number[] = [FIRST_PRICES[share]];
    for (let day = 1; day <= days; day++) {
      const move = (random() - 0.47) * 2 * MOST_MOVE;
      const falls = share === FALL.share && day === days;
      closes.push(inTicks((closes[day - 1] ?? 0) * (1 + (falls ? -FALL.by : move))));
    }
    return closes;
  };
  return Object.fromEntries(SHARES.map((share, n) => [share, walk(share, n)])) as unknown as Closes;
}

/**
 * The executions of a trader by time: on most days two entries, each ended on the day or some days later. What would end
 * after the last day is held still.
 */
export function tradesOf(
  trader: Trader,
  shares: readonly Share[],
  closes: Closes,
  days: number,
): MadeTrade[] {
  const random = steadyRandom(1_000 + Number(trader.user_id.slice(-3)));
  const trades: MadeTrade[] = [];
  const busyUntil = new Map<Share, number>();
  // The one who is to lose holds nothing else at the end.
  const last = trader.user_id === FALL.user_id ? days - 3 : days - 1;
  for (let day = 0; day <= last; day++) {
    for (const hour of [9, 10]) {
      const symbol = shares[Math.floor(random() * shares.length)] ?? 'ITC';
      const end = day + (HOLDING[Math.floor(random() * HOLDING.length)] ?? 0);
      const [early, late, minute] = [
        0.1 + random() * 0.3,
        0.6 + random() * 0.3,
        20 + Math.floor(random() * 39),
      ];
      if ((busyUntil.get(symbol) ?? -1) >= day) continue;
      busyUntil.set(symbol, end);
      const price = between(closes[symbol], day, early);
      const quantity = Math.round(trader.stake / price);
      trades.push({ day, time: `${pad(hour)}:${minute}:00`, symbol, side: 'BUY', quantity, price });
      if (end > last) continue;
      const exit = between(closes[symbol], end, late);
      trades.push({ day: end, time: `14:${minute}:00`, symbol, side: 'SELL', quantity, price: exit });
    }
  }
  if (trader.user_id === FALL.user_id) {
    const { share: symbol, quantity } = FALL;
    const price = between(closes[symbol], days - 2, 0.5);
    trades.push({ day: days - 2, time: '11:15:00', symbol, side: 'BUY', quantity, price });
  }
  return trades.sort((a, b) => a.day - b.day || a.time.localeCompare(b.time));
}

/** A price on a day, so far on its way from the close before to its own. */
function between(closes: readonly number[], day: number, share: number): number {
  const [from = 0, to = 0] = [closes[day], closes[day + 1]];
  return inTicks(from + (to - from) * share);
}

/** The nearest price of an exchange, in rupees. */
export const inTicks = (price: number) => Number((Math.round(price / TICK) * TICK).toFixed(2));
const pad = (n: number) => String(n).padStart(2, '0');
