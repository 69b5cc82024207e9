import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Instant, instant } from '../../src/domain/instant.ts';
import {
  isCoherent,
  matchPaper,
  type PaperMarket,
  type PaperTerms,
} from '../../src/domain/paper-matching.ts';
import type { Quote } from '../../src/domain/quote.ts';

const at = (seconds: number): Instant => instant(new Date(Date.UTC(2026, 0, 30, 4, 0, 0) + seconds * 1_000));
const MARKET: PaperMarket = { seed: 1, fillSize: undefined, slippageBps: 0, latencyMs: 0, atTouch: false };
const ORDER: PaperTerms = {
  ...{ symbol: 'TCS', side: 'BUY', order_type: 'MARKET', quantity: 10, filled_quantity: 0 },
  ...{ price: 0, trigger_price: null, triggered: false, accepted_at: at(0), quoted_at: null },
};
const quote = (values: Partial<Quote>): Quote => ({ symbol: 'TCS', ltp: 100, timestamp: at(1), ...values });
const limit = (price: number, terms: Partial<PaperTerms> = {}): Partial<PaperTerms> => ({
  ...{ order_type: 'LIMIT', price },
  ...terms,
});
const stop = (trigger_price: number, terms: Partial<PaperTerms> = {}): Partial<PaperTerms> => ({
  ...{ order_type: 'STOP_LOSS', trigger_price },
  ...terms,
});
const SELL = { side: 'SELL' } as const;
const WAITED = { quoted_at: at(0.5) };

/** `10 at 100`, `nothing`, `armed`, `no news`. */
function outcome(order: Partial<PaperTerms>, met: Partial<Quote>, market: Partial<PaperMarket> = {}): string {
  const match = matchPaper({ ...ORDER, ...order }, quote(met), { ...MARKET, ...market });
  if (!match) return 'no news';
  if (match.fill) return `${match.fill.quantity} at ${match.fill.price}`;
  return match.triggered ? 'armed' : 'nothing';
}

describe('an order at the paper broker', () => {
  it.each<[string, Partial<PaperTerms>, Partial<Quote>, Partial<PaperMarket>, string]>([
    ['MARKET buys at the ask', {}, { bid: 99, ask: 101 }, {}, '10 at 101'],
    ['MARKET sells at the bid', SELL, { bid: 99, ask: 101 }, {}, '10 at 99'],
    ['MARKET takes the last price of a quote without a book', {}, {}, {}, '10 at 100'],
    [
      'MARKET takes the last price where the side of the book is empty',
      {},
      { bid: 99, ask: 0 },
      {},
      '10 at 100',
    ],
    ['LIMIT BUY above the market gets the better price', limit(102), {}, {}, '10 at 100'],
    ['LIMIT SELL below the market gets the better price', limit(98, SELL), {}, {}, '10 at 100'],
    ['LIMIT that waited is filled at its limit when it is passed', limit(102, WAITED), {}, {}, '10 at 102'],
    ['LIMIT SELL that waited, too', limit(98, { ...SELL, ...WAITED }), {}, {}, '10 at 98'],
    ['LIMIT is not filled at a touch', limit(100), {}, {}, 'nothing'],
    ['LIMIT is, where that is configured', limit(100), {}, { atTouch: true }, '10 at 100'],
    ['LIMIT BUY below the market waits', limit(99), {}, {}, 'nothing'],
    ['LIMIT SELL above the market waits', limit(101, SELL), {}, {}, 'nothing'],
    ['LIMIT BUY meets the ask, not the last price', limit(100.5), { bid: 99, ask: 101 }, {}, 'nothing'],
    ['STOP_LOSS BUY waits below its trigger', stop(101), {}, {}, 'nothing'],
    ['STOP_LOSS BUY is a MARKET order from its trigger on', stop(100), { ask: 100.5 }, {}, '10 at 100.5'],
    ['STOP_LOSS SELL waits above its trigger', stop(99, SELL), {}, {}, 'nothing'],
    ['STOP_LOSS SELL is filled from its trigger on', stop(100, SELL), { bid: 99.5 }, {}, '10 at 99.5'],
    [
      'STOP_LOSS with a limit arms, and waits for it',
      stop(100, { ...SELL, price: 99.8 }),
      { bid: 99 },
      {},
      'armed',
    ],
    [
      'STOP_LOSS with a limit is filled within it',
      stop(100, { ...SELL, price: 98 }),
      { bid: 99 },
      {},
      '10 at 99',
    ],
    ['STOP_LOSS stays armed', stop(105, { triggered: true }), {}, {}, '10 at 100'],
    ['a part is filled, as large as is configured', {}, {}, { fillSize: 4 }, '4 at 100'],
    ['the rest may be smaller', { filled_quantity: 8 }, {}, { fillSize: 4 }, '2 at 100'],
    ['a quote as old as the order says nothing', {}, { timestamp: at(0) }, {}, 'no news'],
    ['a quote that it met before says nothing', { quoted_at: at(1) }, {}, {}, 'no news'],
    ['a quote while it is on its way says nothing', {}, {}, { latencyMs: 2_000 }, 'no news'],
    ['a quote once it has arrived fills it', {}, { timestamp: at(4) }, { latencyMs: 2_000 }, '10 at 100'],
  ])('%s', (_what, order, met, market, expected) => {
    expect(outcome(order, met, market)).toBe(expected);
  });

  it('never pays more than the slippage allows, nor less than the quote, nor beyond its limit', () => {
    fc.assert(
      fc.property(
        fc.record({
          side: fc.constantFrom('BUY' as const, 'SELL' as const),
          paisa: fc.integer({ min: 100, max: 1_000_000 }),
          slippageBps: fc.integer({ min: 0, max: 500 }),
          seed: fc.nat(),
          isLimit: fc.boolean(),
        }),
        ({ side, paisa, slippageBps, seed, isLimit }) => {
          const ltp = paisa / 100;
          const sign = side === 'BUY' ? 1 : -1;
          const away = 0.5;
          const price = ltp + sign * away;
          const order = { ...ORDER, side, ...(isLimit ? limit(price) : {}) };
          const fill = matchPaper(order, quote({ ltp }), { ...MARKET, slippageBps, seed })?.fill;
          const worse = sign * ((fill?.price ?? 0) - ltp);
          expect(worse).toBeGreaterThanOrEqual(-1e-9);
          const most = ltp * (slippageBps / 10_000) + 0.01;
          expect(worse).toBeLessThanOrEqual(isLimit ? Math.min(most, away + 1e-9) : most);
        },
      ),
    );
  });

  it('fares the same with the same seed and quotes, and otherwise with another seed', () => {
    const run = (seed: number) => {
      let order: PaperTerms = { ...ORDER, quantity: 100 };
      const prices: number[] = [];
      for (let i = 1; order.filled_quantity < order.quantity; i++) {
        const met = quote({ ltp: 100 + (i % 7), timestamp: at(i) });
        const market = { ...MARKET, seed, fillSize: 9, slippageBps: 50, latencyMs: 4_000 };
        const match = matchPaper(order, met, market);
        if (!match?.fill) continue;
        prices.push(match.fill.price);
        order = {
          ...order,
          filled_quantity: order.filled_quantity + match.fill.quantity,
          quoted_at: met.timestamp,
        };
      }
      return prices;
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).toHaveLength(12);
    expect(run(8)).not.toEqual(run(7));
  });
});

describe('a quote', () => {
  it.each<[string, Partial<Quote>, boolean]>([
    ['with nothing but a price', {}, true],
    ['within the range of its day', { low: 99, high: 101 }, true],
    ['below the low of its day', { low: 101 }, false],
    ['above the high of its day', { high: 99 }, false],
    ['with a bid above the ask', { bid: 101, ask: 100 }, false],
    ['with one side of the book', { bid: 101, ask: 0 }, true],
    ['without a price', { ltp: 0 }, false],
  ])('%s', (_what, values, expected) => {
    expect(isCoherent(quote(values))).toBe(expected);
  });
});
