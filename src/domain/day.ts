import { plainLowerCase } from '../util/text.ts';

// Whatever is before is a slip of the pen: no book is older than the exchange's electronic one.
const FIRST_DAY = '1990-01-01';

export const DAY_RULE = `must be a day such as 2026-01-31, from ${FIRST_DAY} on`;

/** The same where a word for a day will do, too. */
export const DAY_OR_WORD_RULE = `must be a day such as 2026-01-31, today, yesterday, monday or -1d, from ${FIRST_DAY} on`;

/** Stands for a day in the usage line of a command. */
export const DAY_PLACEHOLDER = 'DATE';

/** Whether a day, YYYY-MM-DD, may be one of a book. */
export const isBookDay = (day: string): boolean => day >= FIRST_DAY;

const DAY_MS = 86_400_000;

/** The day so many days later, or earlier. */
export const dayAfter = (day: string, days = 1): string =>
  new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);

/** Calendar days from one to another, both counted. */
export const calendarDays = (from: string, to: string): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/**
 * The day that a word means on the day `today`: today, yesterday, or the latest one with the name of a weekday (its first three
 * letters do), today included; undefined for any other word.
 */
export function dayOfWord(word: string, today: string): string | undefined {
  if (word === 'today') return today;
  if (word === 'yesterday') return dayAfter(today, -1);
  const weekday = WEEKDAYS.findIndex((name) => word === name || word === name.slice(0, 3));
  if (weekday < 0) return undefined;
  const since = (new Date(today).getUTCDay() - weekday + WEEKDAYS.length) % WEEKDAYS.length;
  return dayAfter(today, -since);
}

const DAYS_AGO = /^-?(\d{1,5})([dw])$/;

/**
 * The day that an operator means on the day `today` (YYYY-MM-DD) by a word as `dayOfWord` takes it, or by an age in days or
 * weeks: `-1d` is yesterday. Other text is returned as it is.
 */
export function dayOf(text: string, today: string): string {
  const [, count = '', unit] = DAYS_AGO.exec(text) ?? [];
  if (count !== '') return dayAfter(today, -Number(count) * (unit === 'w' ? 7 : 1));
  return dayOfWord(plainLowerCase(text), today) ?? text;
}

/** Whether a text means another day every day. */
export const isDayWord = (text: string): boolean => dayOf(text, '2000-01-01') !== text;
