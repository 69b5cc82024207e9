import * as z from 'zod/mini';
import { fromWallClock, offsetOf } from '../../util/time.ts';
import { type Instant, instant } from '../instant.ts';

/** Hours of each day in which only CRITICAL alerts are sent, in minutes after midnight; over midnight where `from` is later. */
interface QuietHours {
  from: number;
  until: number;
}

const WRITTEN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;
const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

/** The text of quiet hours, such as 22:00-08:00: two different times of the day. */
export const quietHoursText = z
  .string()
  .check(
    z.refine((text) => readQuietHours(text) !== undefined, { error: 'must be hours such as 22:00-08:00' }),
  );

function readQuietHours(text: string): QuietHours | undefined {
  const [, fromHour, fromMinute, untilHour, untilMinute] = WRITTEN.exec(text) ?? [];
  if (fromHour === undefined) return undefined;
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const until = Number(untilHour) * 60 + Number(untilMinute);
  return from === until ? undefined : { from, until };
}

/** When the quiet hours end that an instant is within; undefined where it is not, and for a route without any. */
export function quietUntil(quiet: string | null, at: Instant, timeZone: string): Instant | undefined {
  const hours = quiet === null ? undefined : readQuietHours(quiet);
  if (!hours) return undefined;
  const { from, until } = hours;
  const date = new Date(at);
  const wall = date.getTime() + offsetOf(date, timeZone);
  const midnight = wall - (wall % (DAY_MINUTES * MINUTE_MS));
  const minute = (wall - midnight) / MINUTE_MS;
  const overMidnight = from > until;
  const isQuiet = overMidnight ? minute >= from || minute < until : minute >= from && minute < until;
  if (!isQuiet) return undefined;
  const days = overMidnight && minute >= from ? 1 : 0;
  return instant(fromWallClock(new Date(midnight + (days * DAY_MINUTES + until) * MINUTE_MS), timeZone));
}
