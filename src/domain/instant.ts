import type { Brand } from '../util/brand.ts';
import { parseDuration } from '../util/duration.ts';
import { fromWallClock, startOfDay } from '../util/time.ts';

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

const MILLISECONDS = '2026-01-31T03:45:00.000Z';

const inForm = (text: string) => text as Instant;

/** Whether `a` is earlier than `b`. */
export const isBefore = (a: Instant, b: Instant): boolean => a < b;

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * The instant that an operator writes: RFC 3339, a local date or date-time in the trading time zone, `now`, `today`,
 * `yesterday`, or an age such as `7d`. Digits beyond microseconds are cut off. Throws RangeError.
 */
export function parseInstant(text: string, now: Date, timeZone: string): Instant {
  if (text === 'now') return instant(now);
  if (text === 'today') return instant(startOfDay(now, timeZone));
  if (text === 'yesterday')
    return instant(startOfDay(new Date(startOfDay(now, timeZone).getTime() - 1), timeZone));
  if (/^\d+[a-z]+$/.test(text)) return instant(new Date(now.getTime() - parseDuration(text)));
  const match = ISO.exec(text);
  if (!match)
    throw new RangeError('must be a time such as 2026-01-31T09:15:00+05:30, 2026-01-31, today or 7d');
  return written(match, timeZone);
}

/** The instant of a date-time in a file, where neither a word nor an age makes sense; undefined for any other text. */
export function writtenInstant(text: string, timeZone: string): Instant | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  try {
    return written(match, timeZone);
  } catch {
    return undefined;
  }
}

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

function written(match: RegExpExecArray, timeZone: string): Instant {
  const [all, day = '', hour = '00', minute = '00', second = '00', fraction = '', offset] = match;
  if (!isDay(day) || hour > '23' || minute > '59' || second > '59')
    throw new RangeError(`${all} is not a day or time that exists`);
  const digits = fraction.length === 6 ? fraction : fraction.slice(0, 6).padEnd(6, '0');
  if (offset === 'Z') return inForm(`${day}T${hour}:${minute}:${second}.${digits}Z`);
  const wall = new Date(`${day}T${hour}:${minute}:${second}Z`);
  const at =
    offset === undefined ? fromWallClock(wall, timeZone) : new Date(wall.getTime() - shiftOf(offset));
  return inForm(`${instant(at).slice(0, -'000000Z'.length)}${digits}Z`);
}

/** An offset from UTC such as +05:30 in milliseconds. */
function shiftOf(offset: string): number {
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 14 || minutes > 59) throw new RangeError(`${offset} is not an offset from UTC`);
  return (hours * 60 + minutes) * (offset.startsWith('-') ? -60_000 : 60_000);
}

const MAX_KNOWN_DAYS = 100_000;
const knownDays = new Map<string, boolean>();

/** Whether a date exists; cached, as a file repeats few dates many times. */
function isDay(day: string): boolean {
  let known = knownDays.get(day);
  if (known === undefined) {
    const midnight = new Date(`${day}T00:00:00Z`);
    known = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
    if (knownDays.size < MAX_KNOWN_DAYS) knownDays.set(day, known);
  }
  return known;
}

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
