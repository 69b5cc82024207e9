import { describe, expect, it } from 'vitest';
import { breakeven, estimate } from '../../../src/domain/charges/estimate.ts';
import { ratesOn } from '../../../src/domain/charges/schedule.ts';
import { SHIPPED_SCHEDULE } from '../../../src/domain/charges/shipped-schedule.ts';
import type { Product } from '../../../src/domain/enums.ts';
import { Decimal } from '../../../src/domain/money.ts';

const RATES = ratesOn(SHIPPED_SCHEDULE, '2026-04-01');
const TICK = new Decimal('0.05');

const trade = (side: 'BUY' | 'SELL', quantity: number, price: number, product: Product) => ({
  ...({ order_id: '', symbol: 'SBIN', exchange: 'NSE', kind: 'shares', side, quantity, product } as const),
  value: new Decimal(price).times(quantity),
});
const future = (side: 'BUY' | 'SELL') =>
  ({
    ...trade(side, 75, 24_800, 'NRML'),
    symbol: 'NIFTY28APR26FUT',
    exchange: 'NFO',
    kind: 'futures',
  }) as const;

describe('the price at which a position breaks even', () => {
  it.each([
    ['MIS, bought', trade('BUY', 100, 1_400, 'MIS'), '1401'],
    ['MIS, sold short', trade('SELL', 100, 1_400, 'MIS'), '1399'],
    ['CNC, with the depository', trade('BUY', 50, 1_601.35, 'CNC'), '1606.35'],
    // 2 x 5 of brokerage with GST on them, and 23.60 of the depository, for one share of ten rupees.
    ['CNC of one share', trade('BUY', 1, 10, 'CNC'), '45.4'],
    ['a future', future('BUY'), '24814.7'],
    ['a sale of what is held', trade('SELL', 50, 1_640.1, 'CNC'), undefined],
    ['a short that costs more than all of it', trade('SELL', 1, 10, 'MIS'), undefined],
  ])('%s', (_what, entry, expected) => {
    expect(breakeven(entry, TICK, RATES)?.toFixed()).toBe(expected);
  });

  it('is the first at which nothing is lost', () => {
    for (const quantity of [1, 7, 100, 3_333]) {
      const entry = trade('BUY', quantity, 987.65, 'MTF');
      const price = breakeven(entry, TICK, RATES) as Decimal;
      const net = (at: Decimal) => {
        const exit = { ...entry, side: 'SELL' as const, value: at.times(quantity) };
        return exit.value
          .minus(entry.value)
          .minus(estimate(entry, RATES).total)
          .minus(estimate(exit, RATES).total);
      };
      expect(net(price).gte(0)).toBe(true);
      expect(net(price.minus(TICK)).lt(0)).toBe(true);
    }
  });
});
