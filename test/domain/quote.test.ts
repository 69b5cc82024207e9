import { describe, expect, it } from 'vitest';
import { type Instant, instant } from '../../src/domain/instant.ts';
import {
  ageOf,
  problemOf,
  type Quote,
  quoteText,
  readQuote,
  TIMESTAMP_FORMS,
} from '../../src/domain/quote.ts';

const NOW = new Date('2026-01-30T06:00:00Z');
const AT = '2026-01-30T05:59:00.000000Z';
const later = (seconds: number) => instant(new Date(NOW.getTime() + seconds * 1_000));
const quote = (details: Partial<Quote> = {}): Quote => ({
  symbol: 'TCS',
  ltp: 4_000,
  timestamp: later(0),
  ...details,
});

describe('an entry of the cache', () => {
  it.each([
    ['the price and its time', { ltp: 4_000, timestamp: AT }, { ltp: 4_000, timestamp: AT }],
    [
      'an offset of the time',
      { ltp: 4_000, timestamp: '2026-01-30T11:29:00+05:30' },
      { ltp: 4_000, timestamp: AT },
    ],
    [
      'details that are numbers, and no others',
      { ltp: 4_000.05, timestamp: AT, bid: 1, ask: '2', volume: 0, more: 3 },
      { ltp: 4_000.05, timestamp: AT, bid: 1, volume: 0 },
    ],
    [
      'its own symbol, whatever it says',
      { symbol: 'INFY', ltp: 1, timestamp: AT },
      { ltp: 1, timestamp: AT },
    ],
  ])('gives %s', (_what, entry, expected) => {
    expect(readQuote('TCS', JSON.stringify(entry), NOW)).toEqual({
      symbol: 'TCS',
      quote: { symbol: 'TCS', ...expected },
    });
  });

  it.each([
    ['', 'no JSON object'],
    ['4000', 'no JSON object'],
    ['null', 'no JSON object'],
    ['{"ltp":1', 'no JSON object'],
    [`{"ltp":1,"timestamp":"${AT}","x":"${'x'.repeat(70_000)}"}`, 'no JSON object'],
    ['{}', 'no ltp'],
    [`{"ltp":"4000","timestamp":"${AT}"}`, 'ltp is no number of rupees'],
    [`{"ltp":0,"timestamp":"${AT}"}`, 'ltp is no number of rupees'],
    [`{"ltp":-1,"timestamp":"${AT}"}`, 'ltp is no number of rupees'],
    [`{"ltp":1e300,"timestamp":"${AT}"}`, 'ltp is no number of rupees'],
    ['{"ltp":1}', 'timestamp is missing'],
    ['{"ltp":1,"timestamp":null}', 'timestamp is neither a number nor text'],
    ['{"ltp":1,"timestamp":-1769752740}', 'timestamp is before 1970'],
    ['{"ltp":1,"timestamp":1769752740000000}', 'timestamp is neither seconds nor milliseconds since 1970'],
    ['{"ltp":1,"timestamp":1e400}', 'timestamp is neither seconds nor milliseconds since 1970'],
    // Year 50000, in milliseconds and as text.
    ['{"ltp":1,"timestamp":1515728332800000}', 'timestamp is neither seconds nor milliseconds since 1970'],
    ['{"ltp":1,"timestamp":"+050000-01-01T00:00:00Z"}', 'timestamp is no RFC 3339 time'],
    ['{"ltp":1,"timestamp":64092211200}', 'timestamp is in the future'],
    ['{"ltp":1,"timestamp":"1769752740"}', 'timestamp is a number written as text'],
    ['{"ltp":1,"timestamp":"1769752740.5"}', 'timestamp is a number written as text'],
    ['{"ltp":1,"timestamp":"2026-01-30 05:59:00"}', 'timestamp names no offset from UTC'],
    ['{"ltp":1,"timestamp":"2026-01-30T05:59:00.123456"}', 'timestamp names no offset from UTC'],
    ['{"ltp":1,"timestamp":NaN}', 'NaN and Infinity are no JSON'],
    ['{"ltp":-Infinity,"timestamp":1769752740}', 'NaN and Infinity are no JSON'],
    ['{"ltp":1,"note":": NaN","timestamp":}', 'no JSON object'],
    [`{"ltp":1,"timestamp":"${later(61)}"}`, 'timestamp is in the future'],
  ])('is no quote: %.40s', (text, unreadable) => {
    expect(readQuote('TCS', text, NOW)).toEqual({ symbol: 'TCS', unreadable });
  });

  it.each([
    [1_769_752_740, AT],
    [1_769_752_740.000001, '2026-01-30T05:59:00.000001Z'],
    [1_769_752_740.999999, '2026-01-30T05:59:00.999999Z'],
    [1_769_752_740_000, AT],
    [1_769_752_740_999.5, '2026-01-30T05:59:00.999500Z'],
    [0, '1970-01-01T00:00:00.000000Z'],
  ])('may have the time as a number: %s', (timestamp, expected) => {
    expect(readQuote('TCS', JSON.stringify({ ltp: 1, timestamp }), NOW)).toEqual({
      symbol: 'TCS',
      quote: { symbol: 'TCS', ltp: 1, timestamp: expected },
    });
  });

  it.each(TIMESTAMP_FORMS)('is read as it was written, with its time as %s', (form) => {
    const timestamp = (form === 'unix-ms' ? AT : '2026-01-30T05:59:00.123457Z') as Instant;
    const written = quote({
      timestamp,
      bid: 3_999.95,
      ask: 4_000,
      open: 3_950,
      high: 4_010,
      low: 3_940,
      close: 3_960,
      volume: 7,
    });
    expect(readQuote('TCS', quoteText(written, form), NOW)).toEqual({ symbol: 'TCS', quote: written });
  });
});

describe('a quote', () => {
  it.each([
    ['rfc3339', '"2026-01-30T05:59:00.123457Z"'],
    ['unix', '1769752740.123457'],
    ['unix-ms', '1769752740123'],
  ] as const)('has its time as %s', (form, text) => {
    const timestamp = '2026-01-30T05:59:00.123457Z' as Instant;
    expect(quoteText(quote({ timestamp }), form)).toBe(`{"symbol":"TCS","ltp":4000,"timestamp":${text}}`);
  });

  it.each([
    ['as it is', {}, undefined],
    ['a minute ahead, as clocks differ', { timestamp: later(60) }, undefined],
    ['further ahead', { timestamp: later(61) }, 'timestamp is in the future'],
    ['a crossed book', { bid: 2, ask: 1 }, 'bid is above ask'],
    ['a locked book', { bid: 1, ask: 1 }, undefined],
    ['one side of the book', { bid: 2 }, undefined],
    ['a high below the low', { high: 1, low: 2 }, 'high is below low'],
  ])('is checked before it is written: %s', (_what, details, problem) => {
    expect(problemOf(quote(details), NOW)).toBe(problem);
  });

  it('has an age that is never negative', () => {
    expect([later(-90), later(0), later(30)].map((at) => ageOf(at, NOW))).toEqual([90_000, 0, 0]);
  });
});
