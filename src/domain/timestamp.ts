import { fromMicroseconds, fromRfc3339, type Instant } from './instant.ts';

// Seconds below this are before the year 5139, and milliseconds from it on after March 1973.
const FIRST_MILLISECONDS = 1e11;
const LAST_MILLISECONDS = 1e14;

/** A time as services write it: RFC 3339, or a number of seconds or milliseconds since 1970; or what is wrong with it. */
export function readTimestamp(value: unknown): { instant: Instant } | { problem: string } {
  if (typeof value === 'number') {
    if (value < 0) return { problem: 'is before 1970' };
    if (!(value < LAST_MILLISECONDS)) return { problem: 'is neither seconds nor milliseconds since 1970' };
    return { instant: fromMicroseconds(value * (value < FIRST_MILLISECONDS ? 1_000_000 : 1_000)) };
  }
  if (value === undefined) return { problem: 'is missing' };
  if (typeof value !== 'string') return { problem: 'is neither a number nor text' };
  const instant = fromRfc3339(value);
  if (instant !== undefined) return { instant };
  if (fromRfc3339(`${value}Z`) !== undefined) return { problem: 'names no offset from UTC' };
  return {
    problem: /^-?[\d.]+$/.test(value) ? 'is a number written as text' : 'is no RFC 3339 time',
  };
}
