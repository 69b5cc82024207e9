import { isWrittenDay } from './instant.ts';
import { type MarketDay, weekdayOf } from './trading-calendar.ts';

/** A day as a file has it: texts, '' or undefined where it has none. */
export interface WrittenDay {
  date: string;
  name: string;
  /** HOLIDAY or SPECIAL, in any case; by the hours where there is none. */
  kind?: string | undefined;
  open?: string | undefined;
  close?: string | undefined;
  /** Checked, where it is there: a wrong one is a sign of a wrong date. */
  weekday?: string | undefined;
}

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const PLAIN = /^[^\p{Cc}\p{Cs}]{1,200}$/u;

/** The day of a calendar that a file has, or the reason why it is none. */
export function marketDayOf(written: WrittenDay): MarketDay | { reason: string } {
  const { date: day, name, open = '', close = '' } = written;
  const reason = nameProblem(written);
  if (reason !== undefined) return { reason };
  const hasHours = open !== '' || close !== '';
  const kind = (written.kind || (hasHours ? 'SPECIAL' : 'HOLIDAY')).toUpperCase();
  if (kind === 'SPECIAL') {
    const problem = hoursProblem(day, open, close);
    return problem === undefined ? { day, name, kind, opens: open, closes: close } : { reason: problem };
  }
  if (kind !== 'HOLIDAY') return { reason: `kind of ${day} must be HOLIDAY or SPECIAL` };
  if (hasHours) return { reason: `${day} is a HOLIDAY with hours: the kind of a day that trades is SPECIAL` };
  return { day, name, kind, opens: null, closes: null };
}

function nameProblem({ date: day, weekday = '', name }: WrittenDay): string | undefined {
  if (!isWrittenDay(day)) return 'date must be a day such as 2026-01-26';
  if (weekday !== '' && weekday.toLowerCase() !== weekdayOf(day).toLowerCase())
    return `${day} is ${weekdayOf(day)}, not ${/^\w{1,12}$/.test(weekday) ? weekday : 'that'}`;
  return PLAIN.test(name) ? undefined : `name of ${day} must be 1 to 200 characters`;
}

function hoursProblem(day: string, open: string, close: string): string | undefined {
  if (!TIME.test(open) || !TIME.test(close)) return `${day} needs open and close, such as 18:00 and 19:15`;
  return open < close ? undefined : `${day} opens at ${open} and closes at ${close}: that is reversed`;
}

/** The days of which a file has two, each once. */
export function repeatedDays(days: readonly { day: string }[]): string[] {
  const seen = new Set<string>();
  return [...new Set(days.map(({ day }) => day).filter((day) => seen.has(day) || !seen.add(day)))];
}
