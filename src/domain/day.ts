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
