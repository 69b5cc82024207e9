import type { OrderSide } from '../enums.ts';
import { Decimal, toPaisa } from '../money.ts';
import { netTrades, type Part, type Trade } from './net-trades.ts';
import {
  type DayRates,
  LEVIES,
  type Levy,
  type Rate,
  type Rounding,
  type Segment,
  type SideRates,
} from './schedule.ts';
import { segmentOf } from './segment.ts';

/** What one levy comes to on a contract note. */
export interface Charge {
  levy: Levy;
  /** What the rate applies to, in rupees; null where it is an amount per security. */
  base: Decimal | null;
  /** For people. */
  rate: string;
  /** Rupees, rounded as the schedule says. */
  amount: Decimal;
  /** What each symbol adds to it before it is rounded. */
  bySymbol: ReadonlyMap<string, Decimal>;
}

/** What is charged for the trades of one trader, exchange and day. Rupees. */
export interface Note {
  exchange: string;
  orders: number;
  turnover: Decimal;
  charges: readonly Charge[];
  total: Decimal;
  /** Of them, what was in each symbol. */
  bySymbol: ReadonlyMap<string, { orders: number; turnover: Decimal }>;
}

const ZERO = new Decimal(0);
const HUNDRED = new Decimal(100);

interface Tally {
  base: Decimal;
  texts: Set<string>;
  bySymbol: Map<string, Decimal>;
}

/**
 * The notes of the trades of one trader and day, by exchange. Shares that were sold and are delivered cost dp once per
 * symbol, wherever they were sold. Throws NO_RATE.
 */
export function notesOf(trades: readonly Trade[], rates: DayRates): Note[] {
  const debited = new Set<string>();
  const exchanges = [...new Set(trades.map(({ exchange }) => exchange))].sort();
  return exchanges.map((exchange) => {
    const those = trades.filter((trade) => trade.exchange === exchange);
    const parts = netTrades(those, rates.conventions);
    const sold = parts.filter(
      ({ segment, SELL, symbol }) => segment === 'delivery' && SELL.quantity > 0 && !debited.has(symbol),
    );
    for (const { symbol } of sold) debited.add(symbol);
    return noteOf(exchange, { trades: those, parts, sold: sold.map(({ symbol }) => symbol) }, rates);
  });
}

/** What one note is about: what orders executed, as what it is charged, and the symbols that are debited from a depository. */
export interface Traded {
  trades: readonly Trade[];
  parts: readonly Part[];
  sold: readonly string[];
}

/** The charges of one trader, exchange and day. Throws NO_RATE. */
export function noteOf(exchange: string, traded: Traded, rates: DayRates): Note {
  const { trades, parts, sold } = traded;
  const tallies = tally(exchange, traded, rates);
  const roundingOf = (levy: Levy) => rates.conventions.rounding[levy] ?? 'paisa';
  const charges = new Map<Levy, Charge>();
  for (const [levy, { base, texts, bySymbol }] of tallies) {
    const rate = [...texts].join(' or ');
    charges.set(levy, { levy, base, rate, amount: rounded(sumOf(bySymbol), roundingOf(levy)), bySymbol });
  }
  const [first] = parts;
  if (first) {
    // A schedule has one for all that is on a note.
    const gst = rates.find('gst', exchange, first.segment, first.symbol).BUY as Rate;
    charges.set('gst', gstOf(charges, gst, rates));
    charges.set('dp', dpOf(exchange, sold, gst, rates));
  }
  const listed = LEVIES.flatMap((levy) => charges.get(levy) ?? []);
  return {
    exchange,
    orders: trades.length,
    turnover: trades.reduce((sum, { value }) => sum.plus(value), ZERO),
    charges: listed,
    total: listed.reduce((sum, { amount }) => sum.plus(amount), ZERO),
    bySymbol: turnovers(trades),
  };
}

function turnovers(trades: readonly Trade[]) {
  const bySymbol = new Map<string, { orders: number; turnover: Decimal }>();
  for (const { symbol, value } of trades) {
    const { orders, turnover } = bySymbol.get(symbol) ?? { orders: 0, turnover: ZERO };
    bySymbol.set(symbol, { orders: orders + 1, turnover: turnover.plus(value) });
  }
  return bySymbol;
}

const ON_TURNOVER = ['stt', 'transaction', 'sebi', 'stamp', 'ipft'] as const;

/** What levies come to before they are rounded: brokerage by executed order, others by what was traded. */
function tally(exchange: string, { trades, parts }: Traded, rates: DayRates): ReadonlyMap<Levy, Tally> {
  const levies = ['brokerage', ...ON_TURNOVER] as const;
  const tallies = new Map<Levy, Tally>(
    levies.map((levy) => [levy, { base: ZERO, texts: new Set(), bySymbol: new Map() }]),
  );
  const add = (levy: Levy, symbol: string, base: Decimal, amount: Decimal) => {
    const found = tallies.get(levy) as Tally;
    found.base = found.base.plus(base);
    found.bySymbol.set(symbol, amount.plus(found.bySymbol.get(symbol) ?? ZERO));
  };
  const find = (levy: Levy, segment: Segment, symbol: string) => {
    const found = rates.find(levy, exchange, segment, symbol);
    tallies.get(levy)?.texts.add(textOf(found));
    return found;
  };
  for (const trade of trades) {
    const { symbol, side, value } = trade;
    const rate = find('brokerage', segmentOf(trade, trade.product), symbol)[side];
    if (rate) add('brokerage', symbol, value, brokerageOf(value, rate));
  }
  for (const { segment, symbol, ...legs } of parts)
    for (const levy of ON_TURNOVER)
      for (const rate of Object.entries(find(levy, segment, symbol))) {
        const base = legs[rate[0] as OrderSide][levy === 'stt' ? 'taxable' : 'value'];
        add(levy, symbol, base, percentOf(base, rate[1]));
      }
  return tallies;
}

const percentOf = (base: Decimal, { percent = '0' }: Rate) => base.times(percent).div(HUNDRED);

/** The brokerage of an executed order, in rupees: a percentage and an amount, within its limits. */
function brokerageOf(value: Decimal, rate: Rate): Decimal {
  const { amount = '0', min, max } = rate;
  const fee = percentOf(value, rate).plus(amount);
  const capped = max !== undefined && fee.gt(max) ? new Decimal(max) : fee;
  return min !== undefined && capped.lt(min) ? new Decimal(min) : capped;
}

/** An amount in rupees, halves rounded up. */
function rounded(amount: Decimal, rounding: Rounding): Decimal {
  if (rounding === 'exact') return amount;
  return rounding === 'rupee' ? amount.round(0) : new Decimal(toPaisa(amount));
}

const sumOf = (bySymbol: ReadonlyMap<string, Decimal>) =>
  [...bySymbol.values()].reduce((sum, each) => sum.plus(each), ZERO);

/** GST on the amounts that the note shows. */
function gstOf(charges: ReadonlyMap<Levy, Charge>, rate: Rate, { conventions }: DayRates): Charge {
  const taxed = conventions.gstOn.flatMap((levy) => charges.get(levy) ?? []);
  const base = taxed.reduce((sum, { amount }) => sum.plus(amount), ZERO);
  const bySymbol = new Map<string, Decimal>();
  for (const charge of taxed)
    for (const [symbol, amount] of charge.bySymbol)
      bySymbol.set(symbol, percentOf(amount, rate).plus(bySymbol.get(symbol) ?? ZERO));
  const amount = rounded(percentOf(base, rate), conventions.rounding.gst ?? 'paisa');
  return { levy: 'gst', base, rate: `${rate.percent} %`, amount, bySymbol };
}

/** The charges of the depository, with their GST: they are billed apart from the contract note. */
function dpOf(exchange: string, sold: readonly string[], gst: Rate, { find, conventions }: DayRates): Charge {
  const taxed = conventions.gstOn.includes('dp');
  const bySymbol = new Map<string, Decimal>();
  const texts = new Set<string>();
  for (const symbol of sold) {
    const { amount = '0' } = find('dp', exchange, 'delivery', symbol).SELL as Rate;
    const fee = new Decimal(amount);
    const whole = taxed ? fee.plus(percentOf(fee, gst)) : fee;
    bySymbol.set(symbol, rounded(whole, conventions.rounding.dp ?? 'paisa'));
    texts.add(`${amount} per security${taxed ? ` + ${gst.percent} % GST` : ''}`);
  }
  return { levy: 'dp', base: null, rate: [...texts].join(' or '), amount: sumOf(bySymbol), bySymbol };
}

const SIDES = { BUY: ' of purchases', SELL: ' of sales' } as const;

/** A rate for people: `0.05 % of sales`, `0.03 %, 5 to 20 per order`. */
function textOf({ BUY, SELL }: SideRates): string {
  if (BUY && SELL && BUY !== SELL) return `${wordsOf(BUY)}${SIDES.BUY}, ${wordsOf(SELL)}${SIDES.SELL}`;
  const rate = BUY ?? SELL;
  if (!rate) return '';
  return `${wordsOf(rate)}${rate.side === undefined ? '' : SIDES[rate.side]}`;
}

function wordsOf({ levy, percent, amount, min, max }: Rate): string {
  const fee = [percent && `${percent} %`, amount].filter((each) => each !== undefined).join(' + ');
  if (levy !== 'brokerage') return fee;
  const limits = [min && `at least ${min}`, max && `at most ${max}`].filter((each) => each !== undefined);
  return [fee, ...limits].join(', ').concat(' per order');
}
