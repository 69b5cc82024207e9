import { describe, expect, it } from 'vitest';
import { doubtOfPrice, doubtsOfFill, type KnownPrice } from '../../src/domain/doubts.ts';
import { instant } from '../../src/domain/instant.ts';

const AT = instant(new Date('2026-01-30T06:00:00Z'));
const known = (price: number, at = AT): KnownPrice => ({ price, at, source: 'quote' });
const GUARD = { priceMove: 20, shares: 1_000 };
const limit = (side: 'BUY' | 'SELL') => ({ side, order_type: 'LIMIT' as const, price: 4_000 });
const market = { side: 'BUY' as const, order_type: 'MARKET' as const, price: 0 };

describe('an execution that is probably a mistake', () => {
  it.each([
    [
      'a BUY above its limit',
      { price: 40_000 },
      limit('BUY'),
      undefined,
      ['40000 is worse than the limit of the order, 4000'],
    ],
    ['a BUY at its limit', { price: 4_000 }, limit('BUY'), undefined, []],
    ['a BUY below its limit', { price: 3_900 }, limit('BUY'), undefined, []],
    [
      'a SELL below its limit',
      { price: 3_999.95 },
      limit('SELL'),
      undefined,
      ['3999.95 is worse than the limit of the order, 4000'],
    ],
    ['a SELL above its limit', { price: 4_100 }, limit('SELL'), undefined, []],
    [
      'a STOP_LOSS may be worse',
      { price: 3_700 },
      { ...limit('SELL'), order_type: 'STOP_LOSS' as const },
      undefined,
      [],
    ],
    [
      'far from the quote',
      { price: 400 },
      limit('BUY'),
      known(4_000),
      ['400 is 90.0 % below the last price, 4000 (quote of 2026-01-30T06:00:00.000000Z)'],
    ],
    ['just as far as is allowed', { price: 3_200 }, limit('BUY'), known(4_000), []],
    ['a MARKET order without a quote', { price: 40_000 }, market, undefined, []],
    [
      'a MARKET order far from the quote',
      { price: 40_000 },
      market,
      known(4_000),
      ['40000 is 900.0 % above the last price, 4000 (quote of 2026-01-30T06:00:00.000000Z)'],
    ],
    [
      'very many shares',
      { price: 4_000, quantity: 1_001 },
      limit('BUY'),
      undefined,
      ['1001 shares are more than 1000'],
    ],
  ])('%s', (_what, fill, order, price, doubts) => {
    expect(doubtsOfFill({ quantity: 1_000, at: AT, ...fill }, order, price, GUARD)).toEqual(doubts);
  });

  it('is asked about only where a guard is configured', () => {
    const wild = { quantity: 2_000_000, price: 40_000, at: AT };
    const off = { priceMove: 0, shares: 0 };
    expect(doubtsOfFill(wild, limit('BUY'), known(4), off)).toEqual([]);
    expect(doubtOfPrice({ price: 400, at: AT }, known(4_000), off)).toEqual([]);
    expect(doubtOfPrice({ price: 400, at: AT }, known(0), GUARD)).toEqual([]);
  });

  it.each([
    ['at the same time', '2026-01-30T06:00:00Z', '2026-01-30T06:00:00Z', true],
    ['a day later', '2026-01-28T06:00:00Z', '2026-01-29T06:00:00Z', true],
    ['more than a day later', '2026-01-28T06:00:00Z', '2026-01-29T06:00:01Z', false],
    ['from Friday to Monday', '2026-01-30T06:00:00Z', '2026-02-02T05:59:59Z', true],
    ['from Friday to Monday, later in the day', '2026-01-30T06:00:00Z', '2026-02-02T06:00:01Z', false],
    ['from Thursday to Monday', '2026-01-29T09:59:00Z', '2026-02-02T04:00:00Z', false],
    ['a week later', '2026-01-23T06:00:00Z', '2026-01-30T06:00:00Z', false],
    ['an execution that is reported late', '2026-01-30T06:00:00Z', '2026-01-01T06:00:00Z', false],
    ['an execution of the day before the price', '2026-01-30T06:00:00Z', '2026-01-29T07:00:00Z', true],
  ])('a price guards for one trading day: %s', (_what, priced, executed, guards) => {
    const price = known(4_000, instant(new Date(priced)));
    expect(doubtOfPrice({ price: 400, at: instant(new Date(executed)) }, price, GUARD)).toHaveLength(
      guards ? 1 : 0,
    );
  });
});
