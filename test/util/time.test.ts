import { describe, expect, it } from 'vitest';
import { formatTime, offsetOf, startOfDay } from '../../src/util/time.ts';

const NOW = new Date('2026-03-10T10:00:00.000Z');
const INDIA = 'Asia/Kolkata';

describe('a trading day', () => {
  it('begins at midnight in India, on either side of midnight in UTC', () => {
    expect(startOfDay(new Date('2026-03-10T18:29:59.999Z'), INDIA).toISOString()).toBe(
      '2026-03-09T18:30:00.000Z',
    );
    expect(startOfDay(new Date('2026-03-10T18:30:00.000Z'), INDIA).toISOString()).toBe(
      '2026-03-10T18:30:00.000Z',
    );
  });

  it('has the offset that Intl knows, also of the years before the clocks of India were left alone', () => {
    const hours = Array.from(
      { length: 12 * 170 },
      (_, month) => new Date(Date.UTC(1930, month, 15, 1, 2, 3, 456)),
    );
    const wrong = hours.filter((at) => offsetOf(at, INDIA) !== offsetOf(at, 'Asia/Calcutta'));
    expect(wrong).toEqual([]);
    expect(new Set(hours.map((at) => offsetOf(at, INDIA))).size).toBe(2);
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
