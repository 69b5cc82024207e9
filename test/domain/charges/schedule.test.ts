import { describe, expect, it } from 'vitest';
import { readSchedule } from '../../../src/domain/charges/read-schedule.ts';
import { ratesOn, type Schedule } from '../../../src/domain/charges/schedule.ts';
import { SHIPPED_SCHEDULE } from '../../../src/domain/charges/shipped-schedule.ts';

const RATE = {
  ...{ levy: 'stt', exchanges: ['NSE'], segments: ['delivery'], percent: '0.1', from: '2027-04-01' },
  source: 'act',
};
const FILE = { name: 'own', extends: 'shipped', sources: { act: 'Finance Act 2027' }, rates: [RATE] };

const BOTH = ['delivery', 'intraday'];

/** What is wrong with the schedule with other values of its first rate. */
const wrong = (change: object) => {
  const read = readSchedule({ ...FILE, rates: [{ ...RATE, ...change }] });
  return 'problems' in read ? read.problems : [];
};

describe('the schedule that is shipped', () => {
  it('is what a file must be', () => {
    expect(readSchedule(JSON.parse(JSON.stringify(SHIPPED_SCHEDULE)))).toEqual(SHIPPED_SCHEDULE);
  });

  it.each([
    [
      'stt',
      'NFO',
      'futures',
      'SELL',
      ['2023-03-31', '2023-04-01', '2024-10-01', '2026-03-31', '2026-04-01'],
      '0.01 0.0125 0.02 0.02 0.05',
    ],
    [
      'stt',
      'NFO',
      'options',
      'SELL',
      ['2023-03-31', '2024-09-30', '2024-10-01', '2026-04-01'],
      '0.05 0.0625 0.1 0.15',
    ],
    [
      'transaction',
      'NSE',
      'intraday',
      'BUY',
      ['2023-03-31', '2024-09-30', '2024-10-01'],
      '0.00345 0.00325 0.00297',
    ],
    ['sebi', 'BFO', 'options', 'BUY', ['2021-03-31', '2021-04-01'], '0.00005 0.0001'],
  ] as const)('has %s at %s of %s', (levy, exchange, segment, side, days, expected) => {
    const rates = days.map(
      (day) => ratesOn(SHIPPED_SCHEDULE, day).find(levy, exchange, segment, 'X')[side]?.percent,
    );
    expect(rates.join(' ')).toBe(expected);
  });
});

describe('a schedule in a file', () => {
  it('goes before the one that it extends, from its first day on', () => {
    const own = readSchedule(FILE) as Schedule;
    const stt = (day: string) => ratesOn(own, day).find('stt', 'NSE', 'delivery', 'SBIN').BUY?.source;
    expect([stt('2027-03-31'), stt('2027-04-01')]).toEqual(['stt-act', 'act']);
  });

  it('may name symbols, the longest first', () => {
    const of = (symbols: string[], percent: string) => ({ ...RATE, symbols, percent });
    const rates = [of(['GOLD*'], '0'), of(['GOLDBEES'], '0.001'), of(['GOLDB*'], '0.002')];
    const own = readSchedule({ ...FILE, rates }) as Schedule;
    const stt = (symbol: string) =>
      ratesOn(own, '2027-04-01').find('stt', 'NSE', 'delivery', symbol).SELL?.percent;
    expect(['GOLDBEES', 'GOLDBOND', 'GOLDIAM', 'SBIN'].map(stt)).toEqual(['0.001', '0.002', '0', '0.1']);
  });

  it.each<[string, object, string]>([
    [
      'percent that is no number',
      { percent: '0,1' },
      'rates[0].percent must be a percentage from 0 to 100 as text, such as "0.025"',
    ],
    [
      'percent as a number',
      { percent: 0.1 },
      'rates[0].percent must be a percentage from 0 to 100 as text, such as "0.025"',
    ],
    [
      'negative rate',
      { percent: '-0.1' },
      'rates[0].percent must be a percentage from 0 to 100 as text, such as "0.025"',
    ],
    [
      'rate above 100',
      { percent: '101' },
      'rates[0].percent must be a percentage from 0 to 100 as text, such as "0.025"',
    ],
    ['rate without a number', { percent: undefined }, 'rates[0].percent is missing'],
    [
      'levy that nobody knows',
      { levy: 'cess' },
      'rates[0].levy must be one of brokerage, stt, transaction, sebi, stamp, ipft, gst, dp',
    ],
    [
      'exchange that nobody knows',
      { exchanges: ['NYSE'] },
      'rates[0].exchanges[0] must be one of NSE, BSE, NFO, BFO, CDS, MCX',
    ],
    ['no segment', { segments: [] }, 'rates[0].segments must not be empty'],
    ['day that does not exist', { from: '2027-02-30' }, 'rates[0].from must be a day such as "2026-04-01"'],
    [
      'end before its beginning',
      { until: '2027-03-31' },
      'rates[0].until 2027-03-31 is before from 2027-04-01',
    ],
    ['source that is not named', { source: 'x' }, 'rates[0].source x is none of sources'],
    ['unknown field', { percentage: '1' }, 'rates[0] has an unknown field percentage'],
    ['amount of a tax', { amount: '20' }, 'rates[0].amount does not go with stt'],
    [
      'minimum above its maximum',
      { levy: 'brokerage', min: '20', max: '5' },
      'rates[0].min is more than max',
    ],
    ['side of GST', { levy: 'gst', segments: BOTH, side: 'BUY' }, 'rates[0].side does not go with gst'],
    [
      'symbol of GST',
      { levy: 'gst', segments: BOTH, symbols: ['SBIN'] },
      'rates[0].symbols does not go with gst',
    ],
    [
      'GST of a part of a note',
      { levy: 'gst' },
      'rates[0].segments must have both delivery and intraday, or neither, of gst',
    ],
    [
      'depository that charges purchases',
      { levy: 'dp', percent: undefined, amount: '20', side: 'BUY' },
      'rates[0].side must be SELL, or be left out, of dp',
    ],
  ])('is refused with a %s', (_what, change, problem) => {
    expect(wrong(change)).toEqual([problem]);
  });

  it('is refused with two rates in force at once', () => {
    const read = readSchedule({ ...FILE, rates: [RATE, { ...RATE, side: 'BUY', from: '2028-01-01' }] });
    expect(read).toEqual({ problems: ['rates[0] and rates[1] are both in force for stt'] });
  });

  it('must say how amounts are rounded where it stands alone', () => {
    const { extends: _, ...alone } = FILE;
    expect(readSchedule(alone)).toEqual({
      problems: ['conventions must say how amounts are rounded, unless it extends "shipped"'],
    });
  });

  it.each([null, [], 'x', { ...FILE, rates: {} }, { ...FILE, name: '' }, { ...FILE, extends: 'mine' }])(
    '%j is none',
    (value) => {
      expect(readSchedule(value)).toHaveProperty('problems');
    },
  );
});
