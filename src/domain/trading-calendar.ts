import type { Exchange } from './exchanges.ts';
import type { Instant } from './instant.ts';

/** A day on which an exchange is closed, or open at other hours than its own. Times HH:MM in Asia/Kolkata. */
export type MarketDay = { day: string; name: string } & (
  | { kind: 'HOLIDAY'; opens: null; closes: null }
  | { kind: 'SPECIAL'; opens: string; closes: string }
);

/** The hours of a segment from a day on, HH:MM in Asia/Kolkata. */
interface Hours {
  /** The first day, YYYY-MM-DD. */
  from: string;
  opens: string;
  /** The end of continuous trading. */
  closes: string;
  /** From when on orders are taken, where that is before trading opens. */
  ordersFrom?: string;
  /** Of shares with derivatives: continuous trading ends here, and a closing auction follows. */
  auction?: { from: string; until: string };
}

const ALWAYS = '1900-01-01';
/** The day from which shares with derivatives have a closing auction. */
const CLOSING_AUCTION = '2026-08-03';

const SHARES: readonly Hours[] = [
  { from: ALWAYS, opens: '09:15', closes: '15:30', ordersFrom: '09:00' },
  {
    from: CLOSING_AUCTION,
    opens: '09:15',
    closes: '15:30',
    ordersFrom: '09:00',
    auction: { from: '15:15', until: '15:35' },
  },
];
const DERIVATIVES: readonly Hours[] = [
  { from: ALWAYS, opens: '09:15', closes: '15:30' },
  { from: CLOSING_AUCTION, opens: '09:15', closes: '15:40' },
];

/**
 * The hours of each segment, the newest last. They are part of the program and not of a file: they change once in years,
 * and a day with other hours can be imported as a special one.
 */
const HOURS: Readonly<Record<Exchange, readonly Hours[]>> = {
  NSE: SHARES,
  BSE: SHARES,
  NFO: DERIVATIVES,
  BFO: DERIVATIVES,
  CDS: [{ from: ALWAYS, opens: '09:00', closes: '17:00' }],
  MCX: [{ from: ALWAYS, opens: '09:00', closes: '23:55' }],
};

/** The exchange whose days a segment shares. */
const CALENDARS: Readonly<Record<Exchange, Exchange>> = {
  NSE: 'NSE',
  BSE: 'BSE',
  NFO: 'NSE',
  BFO: 'BSE',
  CDS: 'CDS',
  MCX: 'MCX',
};

/** The exchange whose days apply to a segment: NSE for NFO. Unknown exchanges have their own. */
export const calendarOf = (exchange: string): string => CALENDARS[exchange as Exchange] ?? exchange;

const OFFSET_MS = 330 * 60_000;

/** The day and the time of day at the exchanges: Asia/Kolkata has one offset, and has had it since 1945. */
export function exchangeTime(at: Instant): { day: string; time: string } {
  const text = new Date(Date.parse(at) + OFFSET_MS).toISOString();
  return { day: text.slice(0, 10), time: text.slice(11, 16) };
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The name of the weekday of a day, YYYY-MM-DD. */
export const weekdayOf = (day: string): string =>
  WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] as string;

const isWeekend = (day: string) => ['Saturday', 'Sunday'].includes(weekdayOf(day));

/** The entries of a calendar by their day. */
export const entriesOf = (calendar: readonly MarketDay[]): ReadonlyMap<string, MarketDay> =>
  new Map(calendar.map((entry) => [entry.day, entry]));

/** Whether an exchange trades on a day, by its entry in the calendar, if there is one. */
export const trades = (day: string, entry: MarketDay | undefined): boolean =>
  entry === undefined ? !isWeekend(day) : entry.kind === 'SPECIAL';

/** When orders are taken on a day and what trading looks like; undefined hours where the exchange is closed all day. */
export interface Session {
  state: 'closed' | 'pre-open' | 'open' | 'closing auction';
  /** Why it is closed, for people; '' where it is not. */
  reason: string;
  opens: string | null;
  closes: string | null;
}

/** The hours of an exchange on a day of its own hours; null for an exchange that nobody knows. */
export function hoursOn(exchange: string, day: string): Hours | null {
  const all = HOURS[exchange as Exchange] as readonly Hours[] | undefined;
  return all?.findLast(({ from }) => from <= day) ?? null;
}

/**
 * The session of an exchange at a moment. A share with derivatives goes into the closing auction where others trade on;
 * orders are taken until the later of both where nobody knows which it is.
 */
export function sessionAt(
  exchange: string,
  at: Instant,
  entry: MarketDay | undefined,
  hasDerivatives?: boolean,
): Session {
  const { day, time } = exchangeTime(at);
  const closedAllDay = (reason: string): Session => ({ state: 'closed', reason, opens: null, closes: null });
  if (!trades(day, entry)) return closedAllDay(entry ? entry.name : `it is ${weekdayOf(day)}`);
  const hours = hoursOn(exchange, day);
  if (entry?.kind === 'SPECIAL')
    return within(time, { from: day, opens: entry.opens, closes: entry.closes }, false);
  if (!hours) return closedAllDay(`the hours of ${exchange} are not known`);
  return within(time, hours, hasDerivatives);
}

function within(
  time: string,
  { opens, closes, ordersFrom = opens, auction }: Hours,
  hasDerivatives: boolean | undefined,
): Session {
  const isAuctioned = auction !== undefined && hasDerivatives === true;
  const end = auction && hasDerivatives !== false ? auction.until : closes;
  const span = { opens, closes: end };
  if (time < ordersFrom) return { state: 'closed', reason: `it opens at ${opens}`, ...span };
  if (time >= end) return { state: 'closed', reason: `it closed at ${end}`, ...span };
  if (time < opens) return { state: 'pre-open', reason: '', ...span };
  const isAuction = isAuctioned ? time >= auction.from : time >= closes;
  return { state: isAuction ? 'closing auction' : 'open', reason: '', ...span };
}

/** The names of the exchange's hours for a line of help: 09:15 to 15:30. */
export const spanOf = ({ opens, closes }: Pick<Session, 'opens' | 'closes'>): string =>
  opens === null || closes === null ? '' : `${opens} to ${closes}`;
