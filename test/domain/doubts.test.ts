import { describe, expect, it } from 'vitest';
import { doubtOfPrice, doubtsOfFill } from '../../src/domain/doubts.ts';

const GUARD = { priceMove: 20, shares: 1_000 };
const limit = (side: 'BUY' | 'SELL') => ({ side, order_type: 'LIMIT' as const, price: 4_000 });
const market = { side: 'BUY' as const, order_type: 'MARKET' as const, price: 0 };

describe('an execution that is probably a mistake', () => {
  it.each([
    [
      'a BUY above its limit',
      { price: 40_000 },
      limit('BUY'),
      null,
      ['40000 is worse than the limit of the order, 4000'],
    ],
    ['a BUY at its limit', { price: 4_000 }, limit('BUY'), null, []],
    ['a BUY below its limit', { price: 3_900 }, limit('BUY'), null, []],
    [
      'a SELL below its limit',
      { price: 3_999.95 },
      limit('SELL'),
      null,
      ['3999.95 is worse than the limit of the order, 4000'],
    ],
    ['a SELL above its limit', { price: 4_100 }, limit('SELL'), null, []],
    [
      'a STOP_LOSS may be worse',
      { price: 3_700 },
      { ...limit('SELL'), order_type: 'STOP_LOSS' as const },
      null,
      [],
    ],
    ['far from the quote', { price: 400 }, limit('BUY'), 4_000, ['400 is 90.0 % below the last price, 4000']],
    ['just as far as is allowed', { price: 3_200 }, limit('BUY'), 4_000, []],
    ['a MARKET order without a quote', { price: 40_000 }, market, null, []],
    [
      'a MARKET order far from the quote',
      { price: 40_000 },
      market,
      4_000,
      ['40000 is 900.0 % above the last price, 4000'],
    ],
    [
      'very many shares',
      { price: 4_000, quantity: 1_001 },
      limit('BUY'),
      null,
      ['1001 shares are more than 1000'],
    ],
  ])('%s', (_what, fill, order, quote, doubts) => {
    expect(doubtsOfFill({ quantity: 1_000, ...fill }, order, quote, GUARD)).toEqual(doubts);
  });

  it('is asked about only where a guard is configured', () => {
    const wild = { quantity: 2_000_000, price: 40_000 };
    expect(doubtsOfFill(wild, limit('BUY'), 4, { priceMove: 0, shares: 0 })).toEqual([]);
    expect(doubtOfPrice(400, 4_000, { priceMove: 0, shares: 0 })).toEqual([]);
    expect(doubtOfPrice(400, 0, GUARD)).toEqual([]);
  });
});
