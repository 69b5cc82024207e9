import { describe, expect, it } from 'vitest';
import {
  fromPostgres,
  fromRfc3339,
  instant,
  isBefore,
  isInstant,
  parseInstant,
  writtenInstant,
} from '../../src/domain/instant.ts';

const NOW = new Date('2026-03-10T10:00:00.000Z');
const INDIA = 'Asia/Kolkata';

describe('parseInstant', () => {
  it.each([
    ['2026-01-31T09:15:00+05:30', '2026-01-31T03:45:00.000000Z'],
    ['2026-01-31T09:15:00-05:00', '2026-01-31T14:15:00.000000Z'],
    ['2026-01-31T09:15:00Z', '2026-01-31T09:15:00.000000Z'],
    ['2026-01-31T09:15:00.123456789Z', '2026-01-31T09:15:00.123456Z'],
    ['2026-01-31T09:15:00.5+0530', '2026-01-31T03:45:00.500000Z'],
    ['2026-01-31T09:15:00.000001', '2026-01-31T03:45:00.000001Z'],
    ['2026-01-31 09:15', '2026-01-31T03:45:00.000000Z'],
    ['2026-01-31', '2026-01-30T18:30:00.000000Z'],
    ['2024-02-29', '2024-02-28T18:30:00.000000Z'],
    ['now', '2026-03-10T10:00:00.000000Z'],
    ['today', '2026-03-09T18:30:00.000000Z'],
    ['yesterday', '2026-03-08T18:30:00.000000Z'],
    ['7d', '2026-03-03T10:00:00.000000Z'],
    ['-7d', '2026-03-03T10:00:00.000000Z'],
    ['-2h', '2026-03-10T08:00:00.000000Z'],
    ['Today', '2026-03-09T18:30:00.000000Z'],
    ['today 09:15', '2026-03-10T03:45:00.000000Z'],
    ['yesterday 9:15:30', '2026-03-09T03:45:30.000000Z'],
    // The 10th of March 2026 is a Tuesday.
    ['tuesday', '2026-03-09T18:30:00.000000Z'],
    ['monday', '2026-03-08T18:30:00.000000Z'],
    ['wed', '2026-03-03T18:30:00.000000Z'],
    ['Wednesday 15:30', '2026-03-04T10:00:00.000000Z'],
    ['30m', '2026-03-10T09:30:00.000000Z'],
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

describe('writtenInstant', () => {
  it.each([
    ['2026-09-15 09:15:36', '2026-09-15T03:45:36.000000Z'],
    ['2018-01-10 07:15:00+00:00', '2018-01-10T07:15:00.000000Z'],
    ['2018-01-10T07:15:00+0530', '2018-01-10T01:45:00.000000Z'],
    ['2018-01-10T07:15:00.25+05', '2018-01-10T02:15:00.250000Z'],
    ['2018-01-10 07:15:00+00', '2018-01-10T07:15:00.000000Z'],
    ['2018-01-10 07:15:00 +05:30', '2018-01-10T01:45:00.000000Z'],
    ['03-Apr-2023 09:19:05', '2023-04-03T03:49:05.000000Z'],
    ['15-Sep-2026 09:15:36', '2026-09-15T03:45:36.000000Z'],
    ['15-SEP-2026', '2026-09-14T18:30:00.000000Z'],
    ['3 April 2023 3:19 PM', '2023-04-03T09:49:00.000000Z'],
    ['2023/04/03 12:05 AM', '2023-04-02T18:35:00.000000Z'],
    ['1700000000', '2023-11-14T22:13:20.000000Z'],
    ['1700000000.5', '2023-11-14T22:13:20.500000Z'],
    ['1700000000123', '2023-11-14T22:13:20.123000Z'],
  ])('reads %s', (text, at) => {
    expect(writtenInstant(text, INDIA)).toBe(at);
  });

  it.each([
    ['03/04/2026 09:15', '2026-04-03T03:45:00.000000Z', '2026-03-04T03:45:00.000000Z'],
    ['3-4-2026', '2026-04-02T18:30:00.000000Z', '2026-03-03T18:30:00.000000Z'],
    ['31/01/2026', '2026-01-30T18:30:00.000000Z', undefined],
  ])('reads %s with the order of day and month only', (text, dmy, mdy) => {
    expect(writtenInstant(text, INDIA)).toBeUndefined();
    expect(writtenInstant(text, INDIA, 'dmy')).toBe(dmy);
    expect(writtenInstant(text, INDIA, 'mdy')).toBe(mdy);
  });

  it.each([
    '31-Foo-2026',
    '31-Feb-2026',
    '2026-01-31 13:00 PM',
    '2026-01-31 00:30 AM',
    '12345',
    '17000000001',
  ])('refuses %s', (text) => {
    expect(writtenInstant(text, INDIA, 'dmy')).toBeUndefined();
  });
});

describe('a time zone that changes its clocks', () => {
  it('is followed back by the day before it, even where it has 25 hours', () => {
    const late = new Date('2026-11-02T04:30:00Z');
    expect(parseInstant('today', late, 'America/New_York')).toBe('2026-11-01T04:00:00.000000Z');
    expect(parseInstant('yesterday', late, 'America/New_York')).toBe('2026-10-31T04:00:00.000000Z');
  });

  it('reads a skipped hour as the hour after, a doubled hour as the first', () => {
    expect(parseInstant('2026-03-08 02:30', NOW, 'America/New_York')).toBe('2026-03-08T07:30:00.000000Z');
    expect(parseInstant('2026-11-01 01:30', NOW, 'America/New_York')).toBe('2026-11-01T05:30:00.000000Z');
  });
});

describe('an instant', () => {
  it.each([
    ['2026-01-31 03:45:00', '2026-01-31T03:45:00.000000Z'],
    ['2026-01-31 03:45:00.5', '2026-01-31T03:45:00.500000Z'],
    ['2026-01-31 03:45:00.58', '2026-01-31T03:45:00.580000Z'],
    ['2026-01-31 03:45:00.123456', '2026-01-31T03:45:00.123456Z'],
    ['infinity', 'infinity'],
  ])('of the text %s of PostgreSQL is %s', (text, at) => {
    expect(fromPostgres(text)).toBe(at);
  });

  it.each([
    ['2026-01-31T03:45:00Z', '2026-01-31T03:45:00.000000Z'],
    ['2026-01-31t09:15:00.25+05:30', '2026-01-31T03:45:00.250000Z'],
    ['2026-01-31T03:45:00', undefined],
    ['2026-02-30T03:45:00Z', undefined],
    ['now', undefined],
  ])('of the RFC 3339 text %s is %s', (text, at) => {
    expect(fromRfc3339(text)).toBe(at);
  });

  it('in a file is a date, not a word or an age', () => {
    expect(writtenInstant('2026-01-31', INDIA)).toBe('2026-01-30T18:30:00.000000Z');
    for (const text of ['today', '7d', '', '2026-02-30']) expect(writtenInstant(text, INDIA)).toBeUndefined();
  });

  it('has one form, whose order is that of time', () => {
    const [half, second] = [fromPostgres('2026-01-31 10:00:00.5'), fromPostgres('2026-01-31 10:00:00')];
    expect(half).toBe(instant(new Date('2026-01-31T10:00:00.500Z')));
    expect([isBefore(second, half), isBefore(half, second), isBefore(half, half)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is of the years 0 to 9999', () => {
    expect(() => instant(new Date('+010000-01-01T00:00:00Z'))).toThrow(RangeError);
  });
});
