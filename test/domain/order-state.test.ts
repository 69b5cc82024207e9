import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORDER_STATUSES, type OrderStatus } from '../../src/domain/enums.ts';
import { applyFillToOrder, assertTransition, canTransition } from '../../src/domain/order-state.ts';

/** The states an order may go to from each, by FIX. */
const ALLOWED: Record<OrderStatus, OrderStatus[]> = {
  PENDING: ['PLACED', 'FILLED', 'PARTIALLY_FILLED', 'REJECTED', 'CANCELLED'],
  PLACED: ['FILLED', 'PARTIALLY_FILLED', 'REJECTED', 'CANCELLED'],
  PARTIALLY_FILLED: ['FILLED', 'PARTIALLY_FILLED', 'CANCELLED'],
  CANCELLED: ['FILLED'],
  FILLED: [],
  REJECTED: ['PENDING'],
};

describe('the states of an order', () => {
  const pairs = ORDER_STATUSES.flatMap((from) => ORDER_STATUSES.map((to) => [from, to] as const));

  it.each(pairs)('%s to %s', (from, to) => {
    const allowed = ALLOWED[from].includes(to);
    expect(canTransition(from, to)).toBe(allowed);
    const move = () => assertTransition({ order_id: 'first', status: from }, to);
    if (allowed) expect(move).not.toThrow();
    else expect(move).toThrow(expect.objectContaining({ code: 'ORDER_STATE' }));
  });

  it('a refusal names the state, the step and the states it needs', () => {
    expect(() => assertTransition({ order_id: 'first', status: 'FILLED' }, 'CANCELLED')).toThrow(
      'Order first is FILLED; a cancel needs PENDING, PLACED or PARTIALLY_FILLED.',
    );
  });
});

describe('a fill of an order', () => {
  const order = (status: OrderStatus, filled: number) => ({
    order_id: 'first',
    status,
    quantity: 10,
    filled_quantity: filled,
    filled_price: filled === 0 ? 0 : 100,
  });
  const cases: [OrderStatus, number, number, Partial<ReturnType<typeof applyFillToOrder>>][] = [
    ['PENDING', 0, 4, { status: 'PARTIALLY_FILLED', filled_quantity: 4, late: false, overfill: false }],
    ['PLACED', 0, 10, { status: 'FILLED', filled_quantity: 10, late: false, overfill: false }],
    ['PARTIALLY_FILLED', 4, 6, { status: 'FILLED', filled_quantity: 10, late: false, overfill: false }],
    ['CANCELLED', 4, 2, { status: 'CANCELLED', filled_quantity: 6, late: true, overfill: false }],
    ['CANCELLED', 4, 6, { status: 'FILLED', filled_quantity: 10, late: true, overfill: false }],
    ['PARTIALLY_FILLED', 4, 9, { status: 'FILLED', filled_quantity: 13, late: false, overfill: true }],
  ];

  it.each(cases)('%s with %i filled, of %i more', (status, filled, quantity, expected) => {
    const fill = { quantity, price: 100 };
    expect(applyFillToOrder(order(status, filled), fill, { allowOverfill: true })).toMatchObject(expected);
  });

  it.each([
    ['REJECTED', 0, 1, 'ORDER_STATE'],
    ['FILLED', 10, 1, 'ORDER_STATE'],
    ['PARTIALLY_FILLED', 4, 7, 'OVERFILL'],
  ] as const)('%s with %i filled refuses %i more: %s', (status, filled, quantity, code) => {
    const fill = () =>
      applyFillToOrder(order(status, filled), { quantity, price: 100 }, { allowOverfill: false });
    expect(fill).toThrow(expect.objectContaining({ code }));
  });

  it('keeps the weighted mean of the prices, whatever the split', () => {
    const lots = fc.array(
      fc.record({ quantity: fc.integer({ min: 1, max: 500 }), price: fc.integer({ min: 5, max: 9_999 }) }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(lots, (fills) => {
        const quantity = fills.reduce((sum, lot) => sum + lot.quantity, 0);
        const value = fills.reduce((sum, lot) => sum + lot.quantity * lot.price, 0);
        const start = {
          order_id: 'first',
          status: 'PLACED' as OrderStatus,
          quantity,
          filled_quantity: 0,
          filled_price: 0,
        };
        let end = start;
        for (const lot of fills) end = { ...end, ...applyFillToOrder(end, lot, { allowOverfill: false }) };
        expect(end).toMatchObject({ status: 'FILLED', filled_quantity: quantity });
        expect(end.filled_price).toBeCloseTo(value / quantity, 8);
      }),
    );
  });
});
