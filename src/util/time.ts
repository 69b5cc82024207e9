import { formatDuration, parseDuration } from './duration.ts';

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * The UTC instant (RFC 3339 with Z, milliseconds) of what an operator writes: RFC 3339, a local date or date-time
 * in the trading time zone, `now`, `today`, `yesterday`, or an age such as `7d`. Throws RangeError.
 */
export function parseInstant(text: string, now: Date, timeZone: string): string {
  if (text === 'now') return now.toISOString();
  if (text === 'today') return startOfDay(now, timeZone).toISOString();
  if (text === 'yesterday')
    return startOfDay(new Date(startOfDay(now, timeZone).getTime() - 1), timeZone).toISOString();
  if (/^\d+[a-z]+$/.test(text)) return new Date(now.getTime() - parseDuration(text)).toISOString();
  const match = ISO.exec(text);
  if (!match)
    throw new RangeError('must be a time such as 2026-01-31T09:15:00+05:30, 2026-01-31, today or 7d');
  return isoInstant(match, timeZone).toISOString();
}

/** The same of a time in a file, where neither a word nor an age makes sense; undefined for what is none. */
export function writtenInstant(text: string, now: Date, timeZone: string): string | undefined {
  if (!/^\d{4}-/.test(text)) return undefined;
  try {
    return parseInstant(text, now, timeZone);
  } catch {
    return undefined;
  }
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

function isoInstant(match: RegExpExecArray, timeZone: string): Date {
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', offset] = match;
  const date = `${year}-${month}-${day}`;
  const wall = new Date(`${date}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`);
  if (Number.isNaN(wall.getTime()) || wall.toISOString().slice(0, 10) !== date)
    throw new RangeError(`${match[0]} is not a day or time that exists`);
  if (offset === undefined) return fromWallClock(wall, timeZone);
  if (offset === 'Z') return wall;
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(4))];
  if (hours > 14 || minutes > 59) throw new RangeError(`${offset} is not an offset from UTC`);
  const shift = (hours * 60 + minutes) * 60_000;
  return new Date(wall.getTime() - (offset[0] === '-' ? -shift : shift));
}

/** Midnight of the instant's day in the time zone: where a trading day begins. */
export function startOfDay(at: Date, timeZone: string): Date {
  const wall = new Date(at.getTime() + offsetOf(at, timeZone));
  return fromWallClock(
    new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate())),
    timeZone,
  );
}

function fromWallClock(wall: Date, timeZone: string): Date {
  const DAY = 86_400_000;
  const offsets = [-DAY, DAY].map((shift) => offsetOf(new Date(wall.getTime() + shift), timeZone));
  const instants = offsets.map((offset) => new Date(wall.getTime() - offset));
  // An hour that the clock runs through twice is taken the first time; one that it skips is as much later.
  const exact = instants.filter((at, i) => offsetOf(at, timeZone) === offsets[i]);
  return exact.sort((a, b) => a.getTime() - b.getTime())[0] ?? (instants[0] as Date);
}

/** How far the clocks of the time zone are ahead of UTC at that instant, milliseconds. */
export function offsetOf(at: Date, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return wall - Math.floor(at.getTime() / 1_000) * 1_000;
}

/** A time for a person: relative within seven days (`5 min ago`), else `2026-01-31 09:15:00` in the time zone. */
export function formatTime(iso: string, now: Date, timeZone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const age = now.getTime() - at.getTime();
  if (age >= 0 && age < 7 * 86_400_000) return age < 5_000 ? 'just now' : `${formatDuration(age)} ago`;
  return wallClock(iso, timeZone);
}

/** A time as the clocks of the time zone have it: `2026-01-31 09:15:00`. */
export function wallClock(iso: string, timeZone: string): string {
  const at = new Date(iso);
  const wall = new Date(at.getTime() + offsetOf(at, timeZone)).toISOString();
  return `${wall.slice(0, 10)} ${wall.slice(11, 19)}`;
}

/** PostgreSQL's text of a UTC timestamp (`2026-01-31 03:45:00.5`) as RFC 3339 with Z, all its digits kept. */
export function fromPostgres(timestamp: string): string {
  return `${timestamp.replace(' ', 'T')}Z`;
}
