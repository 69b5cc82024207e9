import { formatDuration } from './duration.ts';

/** Midnight of the instant's day in the time zone: where a trading day begins. */
export function startOfDay(at: Date, timeZone: string): Date {
  const wall = new Date(at.getTime() + offsetOf(at, timeZone));
  return fromWallClock(
    new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate())),
    timeZone,
  );
}

/** The instant at which the clocks of the time zone show what `wall` shows in UTC. */
export function fromWallClock(wall: Date, timeZone: string): Date {
  if (timeZone === 'UTC') return wall;
  // Clocks change at a quarter of an hour, and a file names few of them many times.
  const quarter = Math.floor(wall.getTime() / QUARTER_MS);
  const key = `${timeZone} ${quarter}`;
  let shift = shifts.get(key);
  if (shift === undefined) {
    const start = new Date(quarter * QUARTER_MS);
    shift = start.getTime() - searchWallClock(start, timeZone).getTime();
    if (shifts.size < MAX_SHIFTS) shifts.set(key, shift);
  }
  return new Date(wall.getTime() - shift);
}

const QUARTER_MS = 900_000;
const MAX_SHIFTS = 100_000;
const shifts = new Map<string, number>();

function searchWallClock(wall: Date, timeZone: string): Date {
  const DAY = 86_400_000;
  const offsets = [-DAY, DAY].map((shift) => offsetOf(new Date(wall.getTime() + shift), timeZone));
  const instants = offsets.map((offset) => new Date(wall.getTime() - offset));
  // A repeated hour means its first occurrence; a skipped one is shifted forward.
  const exact = instants.filter((at, i) => offsetOf(at, timeZone) === offsets[i]);
  return exact.sort((a, b) => a.getTime() - b.getTime())[0] ?? (instants[0] as Date);
}

/** How far the clocks of the time zone are ahead of UTC at that instant, milliseconds. */
export function offsetOf(at: Date, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  if (timeZone === INDIA && at.getTime() >= INDIA_SINCE) return INDIA_MS;
  const parts = clockOf(timeZone).formatToParts(at);
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

// The first use of Intl takes a fifth of a start, and the clocks of India have not been changed since.
const INDIA = 'Asia/Kolkata';
const INDIA_SINCE = Date.UTC(1945, 9, 15);
const INDIA_MS = 19_800_000;

const clocks = new Map<string, Intl.DateTimeFormat>();

/** One formatter per time zone: creating one takes far longer than using it. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    clocks.set(timeZone, clock);
  }
  return clock;
}

/** A time for a person: relative within seven days (`5 min ago`), else `2026-01-31 09:15:00` in the time zone. */
export function formatTime(iso: string, now: Date, timeZone: string): string {
  const age = now.getTime() - Date.parse(iso);
  if (age >= 0 && age < 7 * 86_400_000) return age < 5_000 ? 'just now' : `${formatDuration(age)} ago`;
  return wallClock(iso, timeZone);
}

/** A time as the clocks of the time zone have it: `2026-01-31 09:15:00`. What is none, such as `infinity`, is left as it is. */
export function wallClock(iso: string, timeZone: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const wall = new Date(at.getTime() + offsetOf(at, timeZone)).toISOString();
  return `${wall.slice(0, 10)} ${wall.slice(11, 19)}`;
}
