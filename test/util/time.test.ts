import { describe, expect, it } from 'vitest';
import { formatTime, fromPostgres, isInstant, parseInstant, startOfDay } from '../../src/util/time.ts';

const NOW = new Date('2026-03-10T10:00:00.000Z');
const INDIA = 'Asia/Kolkata';

describe('parseInstant', () => {
  it.each([
    ['2026-01-31T09:15:00+05:30', '2026-01-31T03:45:00.000Z'],
    ['2026-01-31T09:15:00-05:00', '2026-01-31T14:15:00.000Z'],
    ['2026-01-31T09:15:00Z', '2026-01-31T09:15:00.000Z'],
    ['2026-01-31T09:15:00.123456789Z', '2026-01-31T09:15:00.123Z'],
    ['2026-01-31 09:15', '2026-01-31T03:45:00.000Z'],
    ['2026-01-31', '2026-01-30T18:30:00.000Z'],
    ['2024-02-29', '2024-02-28T18:30:00.000Z'],
    ['now', '2026-03-10T10:00:00.000Z'],
    ['today', '2026-03-09T18:30:00.000Z'],
    ['yesterday', '2026-03-08T18:30:00.000Z'],
    ['7d', '2026-03-03T10:00:00.000Z'],
    ['30m', '2026-03-10T09:30:00.000Z'],
  ])('reads %s in India as %s', (text, instant) => {
    expect(parseInstant(text, NOW, INDIA)).toBe(instant);
  });

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '2025-02-29',
    '2026-01-31T24:00:00Z',
    '2026-01-31T09:60',
    '2026-01-31T09:15:60Z',
    '2026-01-31T09:15:00+99:99',
    '2026-01-31T09:15:00+05:75',
    '31-01-2026',
    '2026-1-31',
    'tomorrow',
    '7y',
    '',
    ' 2026-01-31',
    '999999999w',
  ])('refuses %j', (text) => {
    expect(() => parseInstant(text, NOW, INDIA)).toThrow(RangeError);
    expect(isInstant(text)).toBe(false);
  });
});

describe('a trading day', () => {
  it('begins at midnight in India, on either side of midnight in UTC', () => {
    expect(startOfDay(new Date('2026-03-10T18:29:59.999Z'), INDIA).toISOString()).toBe(
      '2026-03-09T18:30:00.000Z',
    );
    expect(startOfDay(new Date('2026-03-10T18:30:00.000Z'), INDIA).toISOString()).toBe(
      '2026-03-10T18:30:00.000Z',
    );
  });

  it.each([
    ['America/New_York', '2026-03-08T20:00:00Z', '2026-03-08T05:00:00.000Z'],
    ['America/New_York', '2026-11-01T23:00:00Z', '2026-11-01T04:00:00.000Z'],
    ['Europe/London', '2026-03-29T12:00:00Z', '2026-03-29T00:00:00.000Z'],
    // Where the clock skips midnight itself the day begins at one.
    ['America/Havana', '2026-03-08T12:00:00Z', '2026-03-08T05:00:00.000Z'],
    ['Africa/Cairo', '2026-04-24T12:00:00Z', '2026-04-23T22:00:00.000Z'],
    ['Pacific/Auckland', '2026-04-05T00:00:00Z', '2026-04-04T11:00:00.000Z'],
    ['UTC', '2026-04-05T23:59:59Z', '2026-04-05T00:00:00.000Z'],
  ])('in %s at %s began at %s', (zone, at, start) => {
    expect(startOfDay(new Date(at), zone).toISOString()).toBe(start);
  });

  it('is followed back by the day before it, even where it has 25 hours', () => {
    const late = new Date('2026-11-02T04:30:00Z');
    expect(parseInstant('today', late, 'America/New_York')).toBe('2026-11-01T04:00:00.000Z');
    expect(parseInstant('yesterday', late, 'America/New_York')).toBe('2026-10-31T04:00:00.000Z');
  });

  it('reads a skipped hour as the hour after, a doubled hour as the first', () => {
    expect(parseInstant('2026-03-08 02:30', NOW, 'America/New_York')).toBe('2026-03-08T07:30:00.000Z');
    expect(parseInstant('2026-11-01 01:30', NOW, 'America/New_York')).toBe('2026-11-01T05:30:00.000Z');
  });
});

describe('formatTime', () => {
  it.each([
    ['2026-03-10T09:59:58Z', 'just now'],
    ['2026-03-10T09:55:00Z', '5 min ago'],
    ['2026-03-03T10:00:01Z', '7 d ago'],
    ['2026-03-03T10:00:00Z', '2026-03-03 15:30:00'],
    ['2026-03-10T10:00:01Z', '2026-03-10 15:30:01'],
  ])('shows %s as %s', (iso, shown) => {
    expect(formatTime(iso, NOW, INDIA)).toBe(shown);
  });
});

it('keeps all digits of a timestamp of PostgreSQL', () => {
  expect(fromPostgres('2026-01-31 03:45:00.123456')).toBe('2026-01-31T03:45:00.123456Z');
});
