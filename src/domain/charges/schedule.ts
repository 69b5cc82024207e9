import { refused } from '../../util/failure.ts';
import type { OrderSide } from '../enums.ts';
import type { Exchange } from '../exchanges.ts';

/** What is charged for trading, in the order in which it is shown. */
export const LEVIES = ['brokerage', 'stt', 'transaction', 'sebi', 'stamp', 'ipft', 'gst', 'dp'] as const;
export type Levy = (typeof LEVIES)[number];

/** What rates differ by within an exchange: shares that are delivered or squared off the same day, and derivatives. */
export const SEGMENTS = ['delivery', 'intraday', 'futures', 'options'] as const;
export type Segment = (typeof SEGMENTS)[number];

/** One rate, and the days on which it is in force. Numbers are decimal text. */
export interface Rate {
  levy: Levy;
  exchanges: readonly Exchange[];
  segments: readonly Segment[];
  /** Only of purchases or of sales; both if it is not given. */
  side?: OrderSide | undefined;
  /** Only of these symbols; one that ends in * stands for all that begin so. Goes before a rate of all symbols. */
  symbols?: readonly string[] | undefined;
  /** Percent of the value traded; of premium for options. */
  percent?: string | undefined;
  /** Rupees per executed order for brokerage, per security and day for dp. */
  amount?: string | undefined;
  /** The least and the most that brokerage is per executed order, in rupees. */
  min?: string | undefined;
  max?: string | undefined;
  /** The first and the last day, YYYY-MM-DD; without `until` it is still in force. */
  from: string;
  until?: string | undefined;
  /** A key of `sources`. */
  source: string;
}

/** How the amount of a levy on a contract note is rounded, halves up; exact is not at all. */
export const ROUNDINGS = ['rupee', 'paisa', 'exact'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/** What sources disagree on, and the days on which it holds. */
export interface Conventions {
  from: string;
  until?: string | undefined;
  /** What GST is charged on; with dp, its GST is part of dp. */
  gstOn: readonly Levy[];
  /** What STT of shares is a percentage of: the average of all trades of a day, or that of their side. */
  sttPrice: 'average' | 'side';
  /** Paisa for what is not named. */
  rounding: Readonly<Partial<Record<Levy, Rounding | undefined>>>;
  source: string;
}

/** Dated rates and conventions with their sources. */
export interface Schedule {
  name: string;
  /** Addresses and names of circulars, by the names that rates use. */
  sources: Readonly<Record<string, string>>;
  rates: readonly Rate[];
  conventions: readonly Conventions[];
  /** What holds where this one says nothing. */
  base?: Schedule | undefined;
}

/** The rates of a levy by side; without one for a side that it is not charged on. */
export type SideRates = Readonly<Partial<Record<OrderSide, Rate>>>;

/** The rates in force on a day. */
export interface DayRates {
  day: string;
  conventions: Conventions;
  /** Throws NO_RATE where no rate says what is charged: that is no 0. */
  find: (levy: Levy, exchange: string, segment: Segment, symbol: string) => SideRates;
}

/** The rates of a day, YYYY-MM-DD. Throws NO_RATE for a day of which the schedule does not know how to round. */
export function ratesOn(schedule: Schedule, day: string): DayRates {
  const layers = layersOf(schedule);
  const conventions = layers.flatMap((layer) => layer.conventions).find((each) => isInForce(each, day));
  if (conventions === undefined) throw gap(schedule, `conventions on ${day}`);
  const inForce = layers.map(({ rates }) => rates.filter((rate) => isInForce(rate, day)));
  const known = new Map<string, SideRates>();
  const find: DayRates['find'] = (levy, exchange, segment, symbol) => {
    const key = [levy, exchange, segment, symbol].join('\n');
    let found = known.get(key);
    if (found === undefined) {
      found = search(inForce, { levy, exchange, segment, symbol });
      if (found === undefined)
        throw gap(schedule, `rate of ${levy} for ${segment} at ${exchange} on ${day} (${symbol})`);
      known.set(key, found);
    }
    return found;
  };
  return { day, conventions, find };
}

const gap = ({ name }: Schedule, what: string) =>
  refused(
    'NO_RATE',
    `The schedule of charges ${name} has no ${what}.`,
    'Add it in a file of your own that extends the schedule, and name it by --schedule or charges.schedule.',
  );

const layersOf = (schedule: Schedule): Schedule[] =>
  schedule.base ? [schedule, ...layersOf(schedule.base)] : [schedule];

/** Whether a row holds on a day. */
const isInForce = ({ from, until }: { from: string; until?: string | undefined }, day: string) =>
  from <= day && (until === undefined || day <= until);

interface Wanted {
  levy: Levy;
  exchange: string;
  segment: Segment;
  symbol: string;
}

/** The rates of the first layer that has any: those of the longest pattern that the symbol has. */
function search(layers: readonly (readonly Rate[])[], wanted: Wanted): SideRates | undefined {
  for (const rates of layers) {
    const fitting = rates
      .filter(
        ({ levy, exchanges, segments }) =>
          levy === wanted.levy &&
          (exchanges as readonly string[]).includes(wanted.exchange) &&
          segments.includes(wanted.segment),
      )
      .map((rate) => ({ rate, fit: fitOf(rate, wanted.symbol) }))
      .filter(({ fit }) => fit >= 0);
    const best = Math.max(...fitting.map(({ fit }) => fit));
    const found = fitting.filter(({ fit }) => fit === best).map(({ rate }) => rate);
    if (found.length > 0) return bySide(found);
  }
  return undefined;
}

/** How closely a rate fits a symbol: by the length of its pattern, 0 for a rate of all, -1 for one of others. */
function fitOf({ symbols }: Rate, symbol: string): number {
  if (symbols === undefined) return 0;
  const fitting = symbols.filter((each) =>
    each.endsWith('*') ? symbol.startsWith(each.slice(0, -1)) : each === symbol,
  );
  return Math.max(-1, ...fitting.map((each) => (each.endsWith('*') ? each.length : each.length + 100)));
}

function bySide(rates: readonly Rate[]): SideRates {
  const of = (side: OrderSide) => rates.find((rate) => rate.side === undefined || rate.side === side);
  const [buy, sell] = [of('BUY'), of('SELL')];
  return { ...(buy && { BUY: buy }), ...(sell && { SELL: sell }) };
}
