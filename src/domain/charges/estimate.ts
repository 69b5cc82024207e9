import { Decimal } from '../money.ts';
import { type Note, noteOf } from './levies.ts';
import { partOf, type Trade } from './net-trades.ts';
import type { DayRates, Levy, Rounding } from './schedule.ts';
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

// Rounding to whole rupees moves the result by two rupees at most.
const MAX_STEPS = 1_000;
const MAX_TICKS = new Decimal('1e15');

/**
 * The price on tick, in rupees, at which a position that is opened by a trade is closed without loss after all charges, and
 * beyond which it gains. Null for a sale of shares that are delivered, which opens none, and where there is no such price.
 */
export function breakeven(entry: Trade, tick: Decimal, rates: DayRates): Decimal | null {
  if (entry.side === 'SELL' && segmentOf(entry, entry.product) === 'delivery') return null;
  const smooth = { ...rates, conventions: { ...rates.conventions, rounding: EXACT } };
  const isWon = (ticks: Decimal, by: DayRates) => netAt(entry, ticks.times(tick), by).gte(0);
  const paid = entry.value.div(entry.quantity).div(tick);
  const first = turningPoint(paid, entry.side === 'BUY' ? MAX_TICKS : ZERO, (ticks) => isWon(ticks, smooth));
  const further = entry.side === 'BUY' ? 1 : -1;
  let ticks = first;
  for (let steps = 0; ticks !== null && steps < MAX_STEPS; steps += 1) {
    if (ticks.lt(0)) return null;
    const before: Decimal = ticks.minus(further);
    if (!isWon(ticks, rates)) ticks = ticks.plus(further);
    // Amounts that are rounded down may leave a gain already before it.
    else if (isWon(before, rates)) ticks = before;
    else return ticks.times(tick);
  }
  return null;
}

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
