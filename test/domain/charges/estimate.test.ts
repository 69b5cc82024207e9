import { describe, expect, it } from 'vitest';
import { breakeven } from '../../../src/domain/charges/estimate.ts';
import { notesOf } from '../../../src/domain/charges/levies.ts';
import { ratesOn } from '../../../src/domain/charges/schedule.ts';
import { SHIPPED_SCHEDULE } from '../../../src/domain/charges/shipped-schedule.ts';
import type { Product } from '../../../src/domain/enums.ts';
import { Decimal } from '../../../src/domain/money.ts';

const RATES = ratesOn(SHIPPED_SCHEDULE, '2026-04-01');
const EACH_SIDE = { ...RATES, conventions: { ...RATES.conventions, sttPrice: 'side' as const } };
const OTHER = { BUY: 'SELL', SELL: 'BUY' } as const;
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

  it.each(['BUY', 'SELL'] as const)(
    'is the first from which on nothing is lost, whatever is rounded: %s',
    (side) => {
      const further = TICK.times(side === 'BUY' ? 1 : -1);
      // Tax of two shares at 1,000 is half a rupee.
      const [from, to] = side === 'BUY' ? [993.1, 993.9] : [1_006.1, 1_006.9];
      const quantity = 2;
      for (let paid = from; paid < to; paid += 0.05) {
        const entry = trade(side, quantity, Number(paid.toFixed(2)), 'MIS');
        const price = breakeven(entry, TICK, RATES) as Decimal;
        const net = (at: Decimal) => {
          const exit = { ...entry, side: OTHER[side], value: at.times(quantity) };
          const gross = exit.value.minus(entry.value).times(side === 'BUY' ? 1 : -1);
          return notesOf([entry, exit], EACH_SIDE).reduce((left, { total }) => left.minus(total), gross);
        };
        expect(net(price.minus(further)).lt(0), `${paid}`).toBe(true);
        for (let step = 0; step < 120; step++)
          expect(net(price.plus(further.times(step))).gte(0), `${paid} + ${step}`).toBe(true);
      }
    },
  );
});
