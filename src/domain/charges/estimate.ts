import { Decimal } from '../money.ts';
import { type Note, noteOf } from './levies.ts';
import { partOf, type Trade } from './net-trades.ts';
import { type Conventions, type DayRates, LEVIES, type Levy, type Rounding } from './schedule.ts';
import { segmentOf } from './segment.ts';

/**
 * What one order costs if it is executed at once: shares of MIS as squared off the same day, others as delivered. Throws
 * NO_RATE.
 */
export function estimate(trade: Trade, rates: DayRates): Note {
  return together([trade], rates);
}

function together(trades: readonly [Trade, ...Trade[]], rates: DayRates): Note {
  const [{ exchange, symbol, product, kind }] = trades;
  const segment = segmentOf({ kind }, product);
  const isSold = segment === 'delivery' && trades.some(({ side }) => side === 'SELL');
  return noteOf(
    exchange,
    { trades, parts: [partOf(symbol, segment, trades)], sold: isSold ? [symbol] : [] },
    rates,
  );
}

/** What a position earns that is opened by a trade and closed at a price, after all charges. Rupees. */
function netAt(entry: Trade, price: Decimal, rates: DayRates): Decimal {
  const exit: Trade = {
    ...entry,
    order_id: '',
    side: entry.side === 'BUY' ? 'SELL' : 'BUY',
    value: price.times(entry.quantity),
  };
  // What is squared off the same day is on one note.
  const isOneNote = segmentOf(entry, entry.product) === 'intraday';
  const notes = isOneNote
    ? [together([entry, exit], rates)]
    : [entry, exit].map((each) => estimate(each, rates));
  const gross = entry.side === 'BUY' ? exit.value.minus(entry.value) : entry.value.minus(exit.value);
  return notes.reduce((net, { total }) => net.minus(total), gross);
}

const EXACT: Readonly<Record<Levy, Rounding>> = {
  ...{ brokerage: 'exact', stt: 'exact', transaction: 'exact', sebi: 'exact' },
  ...{ stamp: 'exact', ipft: 'exact', gst: 'exact', dp: 'exact' },
};

// Shares of one rupee on a tick of a paisa need a thousand.
const MAX_STEPS = 20_000;
const MAX_TICKS = new Decimal('1e15');

/**
 * The least price on tick, in rupees, at which a position that is opened by a trade is closed without loss after all
 * charges, and at no price beyond it with one; the highest, of one sold short. Null for a sale of shares that are delivered,
 * which opens none, and where there is no such price.
 */
export function breakeven(entry: Trade, tick: Decimal, rates: DayRates): Decimal | null {
  if (entry.side === 'SELL' && segmentOf(entry, entry.product) === 'delivery') return null;
  const smooth = { ...rates, conventions: { ...rates.conventions, rounding: EXACT } };
  const net = (ticks: Decimal, by: DayRates) => netAt(entry, ticks.times(tick), by);
  const paid = entry.value.div(entry.quantity).div(tick);
  const [end, back] = entry.side === 'BUY' ? [MAX_TICKS, -1] : [ZERO, 1];
  const margin = roundingMargin(rates.conventions);
  // A levy that jumps by a rupee takes back what a tick won: what is safe from all of them is searched first, and then back.
  let ticks = turningPoint(paid, end, (at) => net(at, smooth).gte(margin)) ?? end;
  let found: Decimal | null = null;
  for (let steps = 0; steps < MAX_STEPS && net(ticks, rates).gte(0); steps += 1) {
    found = ticks;
    ticks = ticks.plus(back);
  }
  return found?.times(tick) ?? null;
}

const HALF: Readonly<Record<Rounding, string>> = { rupee: '0.5', paisa: '0.005', exact: '0' };

/** The most that rounding adds to the charges of two notes, in rupees: GST may double it. */
const roundingMargin = ({ rounding }: Conventions): Decimal =>
  LEVIES.reduce((sum, levy) => sum.plus(HALF[rounding[levy] ?? 'paisa']), ZERO).times(4);

/** The whole number between where all is lost and where all is won that is won first; null if none is. */
function turningPoint(from: Decimal, to: Decimal, isWon: (at: Decimal) => boolean): Decimal | null {
  if (!isWon(to)) return null;
  let [lost, won] = [from.round(0, to.gt(from) ? DOWN : UP), to];
  while (lost.minus(won).abs().gt(1)) {
    const middle = lost.plus(won).div(2).round(0, DOWN);
    if (isWon(middle)) won = middle;
    else lost = middle;
  }
  return won;
}

const ZERO = new Decimal(0);
const DOWN = 0;
const UP = 3;
