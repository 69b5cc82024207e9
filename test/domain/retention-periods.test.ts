import { describe, expect, it } from 'vitest';
import {
  belowDefault,
  DEFAULT_PERIODS,
  intervalOf,
  isPeriod,
  type Limits,
} from '../../src/domain/retention-periods.ts';

describe('a retention period', () => {
  it.each([
    ['1d', '1 days'],
    ['30d', '30 days'],
    ['4w', '4 weeks'],
    ['9999y', '9999 years'],
  ])('%s is an interval', (period, interval) => {
    expect([isPeriod(period), intervalOf(period)]).toEqual([true, interval]);
  });

  it.each(['', '0d', '01d', '1', 'd', '1m', '1h', '1.5d', '-1d', ' 1d', '1d ', '1D', '10000d', '1d\n', '١d'])(
    '%j is none',
    (text) => {
      expect(isPeriod(text)).toBe(false);
      expect(() => intervalOf(text)).toThrow(RangeError);
    },
  );

  it.each<[Partial<Limits>, string[]]>([
    [{}, []],
    [{ notifications: '29d' }, ['notifications']],
    [{ notifications: '4w' }, ['notifications']],
    [{ notifications: '5w', sessions: '365d', riskRules: '53w' }, []],
    [
      { sessions: '364d', riskRules: '52w', idempotencyKeys: '6d' },
      ['sessions', 'riskRules', 'idempotencyKeys'],
    ],
    [{ idempotencyKeys: '1w' }, []],
  ])('of %j is too short for %j', (limits, short) => {
    expect(belowDefault({ ...DEFAULT_PERIODS, ...limits })).toEqual(short);
  });
});
