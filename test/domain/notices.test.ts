import { describe, expect, it } from 'vitest';
import type { BookOrder } from '../../src/domain/book.ts';
import type { OrderId, StrategyId, UserId } from '../../src/domain/id.ts';
import { instant } from '../../src/domain/instant.ts';
import { fillNotice, rejectNotice } from '../../src/domain/notices.ts';
import type { TradingSymbol } from '../../src/domain/symbol.ts';

const AT = instant(new Date('2026-01-30T06:00:00Z'));
const ORDER: BookOrder = {
  order_id: 'o1' as OrderId,
  user_id: 'u1' as UserId,
  product: null,
  strategy_id: 's1' as StrategyId,
  symbol: 'TCS' as TradingSymbol,
  side: 'BUY',
  quantity: 10,
  filled_quantity: 4,
  filled_price: 4_000.125,
  status: 'PARTIALLY_FILLED',
  created_at: AT,
  updated_at: AT,
};
const FILL = {
  order_id: ORDER.order_id,
  fill_id: 'f1',
  broker_fill_id: 'b1',
  quantity: 4,
  price: 4_000.125,
  executed_at: AT,
  booked_at: AT,
};
const USUAL = { late: false, overfill: false, completes: false, idle: undefined };

describe('the notification of a fill', () => {
  it('is none for a part that is filled as usual', () => {
    expect(fillNotice(ORDER, FILL, USUAL)).toBeUndefined();
  });

  const part = 'BUY 4 of 10 TCS at ₹4,000.13';
  it.each([
    [{ completes: true }, 'INFO', 'filled', `${part}.`],
    [{ late: true }, 'WARNING', 'filled after its cancel', `${part}, after the order was cancelled.`],
    [{ late: true, completes: true }, 'WARNING', 'filled', `${part}, after the order was cancelled.`],
    [{ overfill: true }, 'CRITICAL', 'overfilled', `${part}.`],
    [{ overfill: true, completes: true }, 'CRITICAL', 'overfilled', `${part}.`],
    [{ overfill: true, late: true }, 'CRITICAL', 'overfilled', `${part}, after the order was cancelled.`],
    [{ idle: 'PAUSED' as const }, 'WARNING', 'partially filled', `${part}, while the strategy s1 is PAUSED.`],
    [
      { idle: 'STOPPED' as const, completes: true },
      'WARNING',
      'filled',
      `${part}, while the strategy s1 is STOPPED.`,
    ],
  ])('with %j is %s: %s', (circumstances, level, state, message) => {
    expect(fillNotice(ORDER, FILL, { ...USUAL, ...circumstances })).toEqual({
      user_id: 'u1',
      notification_type: 'ORDER_FILLED',
      alert_level: level,
      title: `Order o1 ${state}`,
      message,
      data: { order_id: 'o1', fill_id: 'f1' },
    });
  });
});

it('the notification of a rejection gives the reason of the broker', () => {
  expect(rejectNotice(ORDER, 'RMS: margin')).toMatchObject({
    user_id: 'u1',
    notification_type: 'ORDER_REJECTED',
    alert_level: 'ERROR',
    title: 'Order o1 rejected',
    message: 'BUY 10 TCS: RMS: margin',
    data: { order_id: 'o1' },
  });
});
