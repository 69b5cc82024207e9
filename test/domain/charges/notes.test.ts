import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate } from '../../../src/domain/charges/allocate.ts';
import { type Note, notesOf } from '../../../src/domain/charges/levies.ts';
import type { Trade } from '../../../src/domain/charges/net-trades.ts';
import { LEVIES, ratesOn } from '../../../src/domain/charges/schedule.ts';
import { marketOf } from '../../../src/domain/charges/segment.ts';
import { SHIPPED_SCHEDULE } from '../../../src/domain/charges/shipped-schedule.ts';
import type { Product } from '../../../src/domain/enums.ts';
import type { Exchange } from '../../../src/domain/exchanges.ts';
import { Decimal, toPaisa } from '../../../src/domain/money.ts';

/** `order side quantity price symbol [exchange] [product]`, one fill each; fills of one order share its id. */
function tradesOf(fills: readonly string[], gross = false): Trade[] {
  const byOrder = new Map<string, Trade>();
  for (const fill of fills) {
    const [order_id = '', side, quantity, price = '', symbol = '', named = 'NSE', product = 'CNC'] =
      fill.split(' ');
    const market = marketOf(symbol, named as Exchange);
    if (!market) throw new Error(`${symbol} is none of ${named}`);
    const before = byOrder.get(order_id);
    byOrder.set(order_id, {
      ...{ order_id, symbol, ...market, product: product as Product, side: side as 'BUY' | 'SELL' },
      quantity: (before?.quantity ?? 0) + Number(quantity),
      value: new Decimal(price).times(quantity ?? 0).plus(before?.value ?? 0),
      is_gross: gross,
    });
  }
  return [...byOrder.values()];
}

const amounts = ({ charges, total }: Note) =>
  [...charges.map(({ amount }) => amount.toFixed(2)), total.toFixed(2)].join(' ');
const notes = (day: string, fills: readonly string[], gross = false) =>
  notesOf(tradesOf(fills, gross), ratesOn(SHIPPED_SCHEDULE, day)).map(
    (note) => `${note.exchange} ${amounts(note)}`,
  );

// Worked by hand: exchange, then brokerage, stt, transaction, sebi, stamp, ipft, gst, dp and their sum.
const WORKED: readonly [what: string, day: string, fills: string[], expected: string[]][] = [
  [
    'a round trip of MIS in three fills',
    '2026-04-01',
    [
      'a BUY 40 1400 RELIANCE NSE MIS',
      'a BUY 60 1400 RELIANCE NSE MIS',
      'b SELL 100 1412.50 RELIANCE NSE MIS',
    ],
    ['NSE 40.00 35.00 8.35 0.28 4.00 0.28 8.75 0.00 96.66'],
  ],
  [
    'a purchase to keep',
    '2025-06-16',
    ['a BUY 50 1601.35 INFY'],
    ['NSE 20.00 80.00 2.38 0.08 12.00 0.08 4.04 0.00 118.58'],
  ],
  [
    'a sale of what was kept',
    '2025-06-17',
    ['a SELL 50 1640.10 INFY'],
    ['NSE 20.00 82.00 2.44 0.08 0.00 0.08 4.05 23.60 132.25'],
  ],
  [
    'CNC of which a part is sold the same day: that part is intraday',
    '2026-05-04',
    ['a BUY 100 3401.10 TCS', 'b SELL 60 3432.55 TCS'],
    ['NSE 40.00 188.00 16.22 0.55 27.00 0.55 10.22 0.00 282.54'],
  ],
  [
    'MIS of which more is sold than bought: the rest is delivered',
    '2026-05-05',
    ['a BUY 40 250.05 SBIN NSE MIS', 'b SELL 70 251.95 SBIN NSE MIS', 'b SELL 30 251.95 SBIN NSE MIS'],
    ['NSE 12.56 18.00 1.05 0.04 0.00 0.04 2.46 23.60 57.75'],
  ],
  [
    'a future under the tax of 2026',
    '2026-04-02',
    ['a BUY 75 24800 NIFTY28APR26FUT NFO NRML', 'b SELL 75 24910.25 NIFTY28APR26FUT NFO NRML'],
    ['NFO 40.00 934.00 64.50 3.73 37.00 3.73 19.48 0.00 1102.44'],
  ],
  [
    'an option in three orders',
    '2024-12-02',
    [
      'a BUY 75 112.35 NIFTY05DEC2424000CE NFO NRML',
      'b BUY 75 112.35 NIFTY05DEC2424000CE NFO NRML',
      'c SELL 150 98.60 NIFTY05DEC2424000CE NFO NRML',
    ],
    ['NFO 60.00 15.00 11.08 0.03 1.00 0.16 12.80 0.00 100.07'],
  ],
  [
    'the same on the last day of older rates',
    '2024-09-30',
    [
      'a BUY 75 112.35 NIFTY05DEC2424000CE NFO NRML',
      'b BUY 75 112.35 NIFTY05DEC2424000CE NFO NRML',
      'c SELL 150 98.60 NIFTY05DEC2424000CE NFO NRML',
    ],
    ['NFO 60.00 9.00 15.82 0.03 1.00 0.16 13.65 0.00 99.66'],
  ],
  [
    'a share that is sold at both exchanges: one debit of the depository',
    '2026-06-01',
    ['a SELL 30 900 ITC NSE', 'b SELL 20 901 ITC BSE'],
    [
      'BSE 18.02 18.00 0.68 0.02 0.00 0.00 3.37 23.60 63.69',
      'NSE 20.00 27.00 0.80 0.03 0.00 0.03 3.75 0.00 51.61',
    ],
  ],
  [
    'an option on the index of BSE',
    '2026-06-02',
    ['a BUY 20 310.40 SENSEX26JUN80000CE BSE NRML'],
    ['BFO 20.00 0.00 2.02 0.01 0.00 0.00 3.97 0.00 26.00'],
  ],
  [
    'delivery while it was free',
    '2022-03-01',
    ['a BUY 10 2500.05 INFY'],
    ['NSE 0.00 25.00 0.86 0.03 4.00 0.00 0.16 0.00 30.05'],
  ],
  [
    'an average price that is rounded to the paisa',
    '2026-04-01',
    ['a BUY 30000 100.01 SBIN NSE MIS', 'b SELL 30000 100.02 SBIN NSE MIS'],
    ['NSE 40.00 750.00 178.23 6.00 90.00 6.00 40.36 0.00 1110.59'],
  ],
];

describe('a contract note', () => {
  it.each(WORKED)('%s', (_what, day, fills, expected) => {
    expect(notes(day, fills)).toEqual(expected);
  });

  it('of shares that are delivered trade for trade nets nothing', () => {
    const fills = ['a BUY 100 50 XYZ', 'b SELL 100 51 XYZ'];
    expect(notes('2026-06-03', fills, true)).toEqual([
      'NSE 10.10 10.00 0.30 0.01 1.00 0.01 1.87 23.60 46.89',
    ]);
  });

  it('says what each rate applies to', () => {
    const [note] = notesOf(tradesOf(['a SELL 50 1640.10 INFY']), ratesOn(SHIPPED_SCHEDULE, '2025-06-17'));
    expect(note?.charges.map(({ levy, base, rate }) => [levy, base?.toFixed(2) ?? null, rate])).toEqual([
      ['brokerage', '82005.00', '0.1 %, at least 2, at most 20 per order'],
      ['stt', '82005.00', '0.1 %'],
      ['transaction', '82005.00', '0.00297 %'],
      ['sebi', '82005.00', '0.0001 %'],
      ['stamp', '0.00', '0.015 % of purchases'],
      ['ipft', '82005.00', '0.0001 %'],
      ['gst', '22.52', '18 %'],
      ['dp', null, '20 per security + 18 % GST'],
    ]);
  });

  it('is refused where the schedule has a gap', () => {
    const refusal = expect.objectContaining({ code: 'NO_RATE', kind: 'refused' });
    const of = (day: string, fill: string) => () => notes(day, [fill]);
    expect(of('2020-12-31', 'a BUY 1 100 SBIN')).toThrow(refusal);
    expect(of('2022-01-03', 'a BUY 1 100 SBIN BSE')).toThrow(
      /rate of transaction for delivery at BSE on 2022-01-03/,
    );
    expect(of('2026-01-05', 'a BUY 1 5862 GOLDPETAL26JANFUT MCX NRML')).toThrow(
      /rate of brokerage for futures at MCX/,
    );
  });
});

describe('where a symbol is traded', () => {
  it.each<[string, Exchange, string | undefined]>([
    ['RELIANCE', 'NSE', 'NSE shares'],
    ['BAJAJ-AUTO', 'BSE', 'BSE shares'],
    ['NIFTY28APR26FUT', 'NSE', 'NFO futures'],
    ['BANKNIFTY30DEC2659000CE', 'NFO', 'NFO options'],
    ['SENSEX26JUN80000PE', 'BSE', 'BFO options'],
    ['GOLDPETAL26JANFUT', 'MCX', 'MCX futures'],
    ['RELIANCE', 'NFO', undefined],
    // Shares that end as options do.
    ['SPACE', 'NSE', 'NSE shares'],
    ['GVT&D', 'NSE', 'NSE shares'],
  ])('%s at %s', (symbol, exchange, expected) => {
    const market = marketOf(symbol, exchange);
    expect(market && `${market.exchange} ${market.kind}`).toBe(expected);
  });
});

const fill = fc.record({
  order: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  quantity: fc.integer({ min: 1, max: 5_000 }),
  paisa: fc.integer({ min: 1, max: 5_000_000 }),
});
const TERMS: Readonly<Record<string, string>> = {
  ...{
    a: 'BUY SBIN NSE MIS',
    b: 'SELL SBIN NSE MIS',
    c: 'SELL SBIN BSE CNC',
    d: 'BUY ITC NSE CNC',
    e: 'SELL ITC NSE CNC',
  },
  f: 'SELL NIFTY28APR26FUT NFO NRML',
};
const days = fc.array(fill, { minLength: 1, maxLength: 12 }).map((fills) =>
  fills.map(({ order, quantity, paisa }) => {
    const [side, symbol, exchange, product] = (TERMS[order] as string).split(' ');
    return `${order} ${side} ${quantity} ${(paisa / 100).toFixed(2)} ${symbol} ${exchange} ${product}`;
  }),
);

describe('any day', () => {
  it('is charged the same in any order of its fills', () => {
    fc.assert(
      fc.property(days, fc.integer(), (fills, seed) => {
        const shuffled = [...fills]
          .sort((x, y) => ((x.length * seed) % 7) - ((y.length * seed) % 7))
          .reverse();
        expect(notes('2026-04-06', shuffled)).toEqual(notes('2026-04-06', fills));
      }),
      { numRuns: 300 },
    );
  });

  it('splits each levy by symbol without losing a paisa', () => {
    fc.assert(
      fc.property(days, (fills) => {
        for (const note of notesOf(tradesOf(fills), ratesOn(SHIPPED_SCHEDULE, '2026-04-06'))) {
          expect(note.charges.map(({ levy }) => levy)).toEqual(LEVIES);
          for (const { amount, bySymbol } of note.charges.filter((charge) => charge.bySymbol.size > 0)) {
            const parts = allocate(toPaisa(amount), [...bySymbol.values()]);
            expect(parts.reduce((sum, part) => sum.plus(part), new Decimal(0)).toFixed(2)).toBe(
              amount.toFixed(2),
            );
            expect(parts.every((part) => !part.startsWith('-'))).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('an allocation', () => {
  it.each<[string, string[], string[]]>([
    ['1.00', ['1', '1', '1'], ['0.34', '0.33', '0.33']],
    ['0.02', ['1', '0', '3'], ['0.01', '0.00', '0.01']],
    ['10.00', ['0', '0'], ['5.00', '5.00']],
    ['-0.05', ['1', '1'], ['-0.03', '-0.02']],
    ['0.00', ['2', '1'], ['0.00', '0.00']],
  ])('of %s by %j', (amount, weights, expected) => {
    expect(
      allocate(
        toPaisa(amount),
        weights.map((weight) => new Decimal(weight)),
      ),
    ).toEqual(expected);
  });
});
