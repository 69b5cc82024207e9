import type { Brand } from '../util/brand.ts';
import { parseDuration } from '../util/duration.ts';
import { plainLowerCase } from '../util/text.ts';
import { fromWallClock, wallClock } from '../util/time.ts';
import { dayOfWord } from './day.ts';

/**
 * A point in time in its one text form: RFC 3339 in UTC with six digits of a second, as many as PostgreSQL holds
 * (`2026-01-31T03:45:00.000000Z`). The width is fixed, so text order is time order.
 */
export type Instant = Brand<string, 'Instant'>;

/** The instant of a JavaScript date. Throws RangeError outside of the years 0 to 9999. */
export function instant(at: Date): Instant {
  const text = at.toISOString();
  if (text.length !== MILLISECONDS.length) throw new RangeError('must be in the years 0 to 9999');
  return inForm(`${text.slice(0, -1)}000Z`);
}

/** The instant so many microseconds after 1970 began, rounded. Throws RangeError outside of the years 0 to 9999. */
export function fromMicroseconds(microseconds: number): Instant {
  const whole = Math.round(microseconds);
  const fraction = ((whole % 1_000) + 1_000) % 1_000;
  const at = instant(new Date((whole - fraction) / 1_000));
  return inForm(`${at.slice(0, -'000Z'.length)}${String(fraction).padStart(3, '0')}Z`);
}

/** How many microseconds an instant is after 1970 began. */
export const microsecondsOf = (at: Instant): number =>
  Date.parse(at) * 1_000 + Number(at.slice(-'000Z'.length, -1));

const MILLISECONDS = '2026-01-31T03:45:00.000Z';

const inForm = (text: string) => text as Instant;

/** The instant so many milliseconds later, in whole milliseconds. Throws RangeError outside of the years 0 to 9999. */
export const later = (at: Instant, ms: number): Instant => instant(new Date(Date.parse(at) + ms));

/** Whether `a` is earlier than `b`. */
export const isBefore = (a: Instant, b: Instant): boolean => a < b;

// Hours, minutes, seconds, their fraction, half of the day, and offset.
const CLOCK = String.raw`(?:(?:T|,? +)(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?: ?([AP]M))? ?(Z|[+-]\d\d(?::?\d\d)?)?)?$`;
const ISO = new RegExp(`^(\\d{4}-\\d\\d-\\d\\d)${CLOCK}`);
// Year, month and day with slashes; a day, the name of its month, and year; two numbers in either order, and a year.
const SLASHES = new RegExp(String.raw`^(\d{4})/(\d\d)/(\d\d)${CLOCK}`);
const NAMED = new RegExp(String.raw`^(\d{1,2})[- ]([A-Z][a-z]{2,8}|[A-Z]{3,9})[- ](\d{4})${CLOCK}`);
const NUMBERS = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})${CLOCK}`);
const EPOCH = /^(\d{9,10})(?:\.(\d{1,9}))?$|^(\d{12,13})$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The order of day and month in dates such as 03/04/2026. */
export const DATE_ORDERS = ['dmy', 'mdy'] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];

export const TIME_RULE =
  'must be a time such as 2026-01-31T09:15:00+05:30, 2026-01-31, today, yesterday 09:15, monday or 7d';

const WORD = /^([a-z]+)(?: +(\d{1,2}:\d\d(?::\d\d)?))?$/;
const AGE = /^-?(\d+[a-z]+)$/;

/**
 * The instant that an operator writes: RFC 3339, a local date or date-time in the time zone, `now`, a word for a day (`today`,
 * `yesterday`, a weekday: the latest, today included) with a time or without, or an age such as `7d` or `-7d`. A day is its begin.
 * Digits beyond microseconds are cut off. Throws RangeError.
 */
export function parseInstant(text: string, now: Date, timeZone: string): Instant {
  const written = plainLowerCase(text);
  if (written === 'now') return instant(now);
  const [, age] = AGE.exec(text) ?? [];
  if (age !== undefined) return instant(new Date(now.getTime() - parseDuration(age)));
  const [, word = '', clock = '00:00'] = WORD.exec(written) ?? [];
  const day = dayOfWord(word, wallClock(now.toISOString(), timeZone).slice(0, 10));
  // A mere number is more likely a mistake on a command line, though not in a file.
  const at = EPOCH.test(text)
    ? undefined
    : read(day === undefined ? text : `${day} ${clock}`, timeZone, undefined);
  if (at === undefined) throw new RangeError(TIME_RULE);
  return at;
}

/**
 * The instant of a date-time in a file, where neither a word nor an age makes sense; undefined for any other text, and
 * for a date such as 03/04/2026 unless the order of day and month is given.
 */
export function writtenInstant(text: string, timeZone: string, dates?: DateOrder): Instant | undefined {
  try {
    return read(text, timeZone, dates);
  } catch {
    return undefined;
  }
}

/** Whether a text is a date whose day and month could stand in either order. */
export const isAmbiguous = (text: string): boolean => NUMBERS.test(text);

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** The instant of an RFC 3339 time, which names its offset, as any program may write it; undefined for any other text. */
export function fromRfc3339(text: string): Instant | undefined {
  return RFC3339.test(text) ? writtenInstant(text.toUpperCase(), 'UTC') : undefined;
}

/** True when the text has the form parseInstant takes. */
export function isInstant(text: string): boolean {
  try {
    parseInstant(text, new Date(0), 'UTC');
    return true;
  } catch {
    return false;
  }
}

/** Reads any of the forms of a time; undefined for other text. Throws RangeError for a day or time that does not exist. */
function read(text: string, timeZone: string, dates: DateOrder | undefined): Instant | undefined {
  const iso = ISO.exec(text);
  if (iso) return written(text, iso[1] as string, iso.slice(2), timeZone);
  const epoch = EPOCH.exec(text);
  if (epoch) return sinceEpoch(epoch);
  const day = (year: string, month: string | number, of: string) =>
    `${year}-${String(month).padStart(2, '0')}-${of.padStart(2, '0')}`;
  const [, ...named] = NAMED.exec(text) ?? [];
  const month = MONTHS.indexOf((named[1] ?? '').slice(0, 3).toLowerCase()) + 1;
  if (month > 0) return written(text, day(named[2] ?? '', month, named[0] ?? ''), named.slice(3), timeZone);
  const [, ...slashes] = SLASHES.exec(text) ?? [];
  if (slashes.length > 0) return written(text, slashes.slice(0, 3).join('-'), slashes.slice(3), timeZone);
  const [, first = '', second = '', year = '', ...clock] = (dates && NUMBERS.exec(text)) || [];
  if (year === '') return undefined;
  return written(
    text,
    dates === 'dmy' ? day(year, second, first) : day(year, first, second),
    clock,
    timeZone,
  );
}

/** Seconds since 1970, with a fraction, or milliseconds. */
function sinceEpoch([, seconds, fraction = '', milliseconds = '']: RegExpExecArray): Instant {
  if (seconds === undefined) return instant(new Date(Number(milliseconds)));
  const at = instant(new Date(Number(seconds) * 1_000));
  return inForm(`${at.slice(0, -'000000Z'.length)}${fraction.slice(0, 6).padEnd(6, '0')}Z`);
}

function written(
  all: string,
  day: string,
  clock: readonly (string | undefined)[],
  timeZone: string,
): Instant {
  const [written = '00', minute = '00', second = '00', fraction = '', half, offset] = clock;
  const hour = half === undefined ? written.padStart(2, '0') : hourOf(written, half);
  if (!isDay(day) || hour > '23' || minute > '59' || second > '59')
    throw new RangeError(`${all} is not a day or time that exists`);
  const digits = fraction.length === 6 ? fraction : fraction.slice(0, 6).padEnd(6, '0');
  if (offset === 'Z') return inForm(`${day}T${hour}:${minute}:${second}.${digits}Z`);
  const wall = new Date(`${day}T${hour}:${minute}:${second}Z`);
  const at =
    offset === undefined ? fromWallClock(wall, timeZone) : new Date(wall.getTime() - shiftOf(offset));
  return inForm(`${instant(at).slice(0, -'000000Z'.length)}${digits}Z`);
}

/** The hour of the day on a clock of twelve; 99 for none. */
function hourOf(hour: string, half: string): string {
  const n = Number(hour);
  if (n < 1 || n > 12) return '99';
  return String((n % 12) + (half === 'PM' ? 12 : 0)).padStart(2, '0');
}

/** An offset from UTC such as +05:30 in milliseconds. */
function shiftOf(offset: string): number {
  const hours = Number(offset.slice(1, 3));
  const minutes = offset.length > 3 ? Number(offset.slice(-2)) : 0;
  if (hours > 14 || minutes > 59) throw new RangeError(`${offset} is not an offset from UTC`);
  return (hours * 60 + minutes) * (offset.startsWith('-') ? -60_000 : 60_000);
}

const MAX_KNOWN_DAYS = 100_000;
const knownDays = new Map<string, boolean>();

/** Whether a date such as 2026-01-31 exists; cached, as a file repeats few dates many times. */
export function isDay(day: string): boolean {
  let known = knownDays.get(day);
  if (known === undefined) {
    const midnight = new Date(`${day}T00:00:00Z`);
    known = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
    if (knownDays.size < MAX_KNOWN_DAYS) knownDays.set(day, known);
  }
  return known;
}

/** Whether a text is a day as it is written in flags and files, YYYY-MM-DD, and exists. */
export const isWrittenDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && isDay(text);

const POSTGRES = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/;

/**
 * The instant of PostgreSQL's text of a UTC timestamp (`2026-01-31 03:45:00.5`). Other text, such as `infinity`, is
 * returned unchanged.
 */
export function fromPostgres(timestamp: string): Instant {
  if (!POSTGRES.test(timestamp)) return inForm(timestamp);
  const seconds = timestamp.length === 19 ? `${timestamp}.` : timestamp;
  return inForm(`${seconds.slice(0, 10)}T${seconds.slice(11).padEnd(15, '0')}Z`);
}

/** A time as a sentence names it: `2026-01-30 09:15 UTC`. */
export const minuteText = (at: string | null): string =>
  at === null ? 'an unknown time' : `${at.slice(0, 16).replace('T', ' ')} UTC`;
