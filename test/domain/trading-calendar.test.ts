import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Instant, parseInstant } from '../../src/domain/instant.ts';
import {
  calendarOf,
  hoursOn,
  type MarketDay,
  sessionAt,
  trades,
  weekdayOf,
} from '../../src/domain/trading-calendar.ts';
import { shared } from '../helpers/shared.ts';

const file = shared('cases/calendar.json');
interface Dated {
  date: string;
  weekday: string;
  name: string;
}
interface Calendar {
  holidays: Dated[];
  special: (Dated & { session_ist: [string, string] })[];
  sessions: { from?: string; segment: string; open: string; close: string }[];
  checks: { date: string; trading: boolean }[];
  weekday_holidays_count: number;
}
const calendar: Calendar = file.absent
  ? { holidays: [], special: [], sessions: [], checks: [], weekday_holidays_count: 0 }
  : JSON.parse(readFileSync(file.path, 'utf8'));
const days = new Map<string, MarketDay>([
  ...calendar.holidays.map(
    ({ date, name }) => [date, { day: date, name, kind: 'HOLIDAY', opens: null, closes: null }] as const,
  ),
  ...calendar.special.map(
    ({ date, name, session_ist: [opens, closes] }) =>
      [date, { day: date, name, kind: 'SPECIAL', opens, closes }] as const,
  ),
]);
const at = (time: string): Instant => parseInstant(time, new Date(0), 'Asia/Kolkata');

describe.skipIf(file.absent)('the collected calendar', () => {
  it.each(calendar.checks)('$date: $trading', ({ date, trading }) => {
    expect(trades(date, days.get(date))).toBe(trading);
  });
  it.each([...calendar.holidays, ...calendar.special])('$date is a $weekday', ({ date, weekday }) => {
    expect(weekdayOf(date)).toBe(weekday);
  });
  it('has so many holidays on weekdays', () => {
    const onWeekdays = calendar.holidays.filter(({ date }) => trades(date, undefined));
    expect(onWeekdays.length).toBe(calendar.weekday_holidays_count);
  });
  it('trades in the evening of Muhurat alone', () => {
    const [muhurat] = calendar.special;
    const state = (time: string) =>
      sessionAt('NSE', at(`${muhurat?.date} ${time}`), days.get(muhurat?.date ?? '')).state;
    expect(['10:00', '18:00', '19:14', '19:15'].map(state)).toEqual(['closed', 'open', 'open', 'closed']);
  });
  it.each(calendar.sessions)(
    '$segment from $from: $open to $close',
    ({ from = '2026-11-02', segment, open, close }) => {
      const exchange = segment.slice(0, 3);
      const hours = hoursOn(exchange, from);
      const closes = /stocks with derivatives/.test(segment) ? hours?.auction?.from : hours?.closes;
      expect([hours?.opens, closes]).toEqual([open, close]);
    },
  );
});

describe('the session of a moment', () => {
  // Fridays before and after the closing auction began, and a Saturday.
  it.each([
    ['NSE', '2026-07-31 08:59', undefined, 'closed'],
    ['NSE', '2026-07-31 09:00', undefined, 'pre-open'],
    ['NSE', '2026-07-31 09:15', undefined, 'open'],
    ['NSE', '2026-07-31 15:29', true, 'open'],
    ['NSE', '2026-07-31 15:30', true, 'closed'],
    ['NSE', '2026-08-07 15:14', true, 'open'],
    ['NSE', '2026-08-07 15:15', true, 'closing auction'],
    ['NSE', '2026-08-07 15:34', true, 'closing auction'],
    ['NSE', '2026-08-07 15:35', true, 'closed'],
    ['NSE', '2026-08-07 15:29', false, 'open'],
    ['NSE', '2026-08-07 15:30', false, 'closed'],
    ['NSE', '2026-08-07 15:20', undefined, 'open'],
    ['NSE', '2026-08-07 15:32', undefined, 'closing auction'],
    ['NFO', '2026-07-31 15:35', undefined, 'closed'],
    ['NFO', '2026-08-07 15:39', undefined, 'open'],
    ['NFO', '2026-08-07 09:10', undefined, 'closed'],
    ['CDS', '2026-08-07 16:59', undefined, 'open'],
    ['MCX', '2026-08-07 23:54', undefined, 'open'],
    ['MCX', '2026-08-08 12:00', undefined, 'closed'],
    ['ABC', '2026-08-07 12:00', undefined, 'closed'],
  ] as const)('%s at %s (derivatives: %s) is %s', (exchange, time, derivatives, state) => {
    expect(sessionAt(exchange, at(time), undefined, derivatives).state).toBe(state);
  });
  it('is of the day at the exchange, not in UTC', () => {
    expect(sessionAt('NSE', '2026-08-09T20:00:00.000000Z' as Instant, undefined).reason).toBe(
      'it opens at 09:15',
    );
  });
  it('names the holiday, the weekday, or the hours', () => {
    const holiday: MarketDay = {
      day: '2026-12-25',
      name: 'Christmas',
      kind: 'HOLIDAY',
      opens: null,
      closes: null,
    };
    expect(sessionAt('NSE', at('2026-12-25 12:00'), holiday).reason).toBe('Christmas');
    expect(sessionAt('NSE', at('2026-12-26 12:00'), undefined).reason).toBe('it is Saturday');
    expect(sessionAt('NFO', at('2026-12-24 16:00'), undefined).reason).toBe('it closed at 15:40');
  });
});

it('gives derivatives the days of their exchange', () => {
  expect(['NSE', 'NFO', 'BFO', 'CDS', 'NCDEX'].map(calendarOf)).toEqual([
    'NSE',
    'NSE',
    'BSE',
    'CDS',
    'NCDEX',
  ]);
});
