// Whatever is before is a slip of the pen: no book is older than the exchange's electronic one.
const FIRST_DAY = '1990-01-01';

export const DAY_RULE = `must be a day such as 2026-01-31, from ${FIRST_DAY} on`;

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
