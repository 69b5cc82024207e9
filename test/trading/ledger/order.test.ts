import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ORDER_STATUSES, type OrderStatus } from '../../../src/domain/enums.ts';
import {
  applyFillToOrder,
  assertTransition,
  canTransition,
  type FillableOrder,
  TRANSITIONS,
} from '../../../src/domain/order-state.ts';
import { Failure } from '../../../src/util/failure.ts';

const order = (status: OrderStatus, filled_quantity = 0, filled_price = 0): FillableOrder => ({
  order_id: 'ord_x',
  status,
  quantity: 10,
  filled_quantity,
  filled_price,
});
const strictly = { allowOverfill: false };
const leniently = { allowOverfill: true };

function refusal(step: () => unknown): Failure {
  try {
    step();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('was not refused');
}

test('the table of states is the one we agreed on', () => {
  const table = ORDER_STATUSES.map(
    (from) => `${from}: ${ORDER_STATUSES.filter((to) => canTransition(from, to))}`,
  );
  expect(table).toEqual([
    'PENDING: PLACED,FILLED,PARTIALLY_FILLED,REJECTED,CANCELLED',
    'PLACED: FILLED,PARTIALLY_FILLED,REJECTED,CANCELLED',
    'FILLED: ',
    'PARTIALLY_FILLED: FILLED,PARTIALLY_FILLED,CANCELLED',
    'REJECTED: PENDING',
    'CANCELLED: FILLED',
  ]);
  expect(Object.keys(TRANSITIONS).sort()).toEqual([...ORDER_STATUSES].sort());
});

describe('a fill of an order that is', () => {
  test.each([
    ['PENDING, in part', order('PENDING'), 4, 'PARTIALLY_FILLED', 4, 110],
    ['PENDING, whole (the acknowledgement was lost)', order('PENDING'), 10, 'FILLED', 10, 110],
    ['PLACED, in part', order('PLACED'), 9, 'PARTIALLY_FILLED', 9, 110],
    ['PARTIALLY_FILLED, in part', order('PARTIALLY_FILLED', 4, 100), 4, 'PARTIALLY_FILLED', 8, 105],
    ['PARTIALLY_FILLED, the rest', order('PARTIALLY_FILLED', 5, 100), 5, 'FILLED', 10, 105],
  ] as const)('%s', (_, before, quantity, status, filled_quantity, filled_price) => {
    const next = applyFillToOrder(before, { quantity, price: 110 }, strictly);
    expect(next).toEqual({ status, filled_quantity, filled_price, late: false, overfill: false });
  });

  test.each([
    ['in part: it stays cancelled', 3, 'CANCELLED', 7],
    ['the rest: it is filled after all', 6, 'FILLED', 10],
  ] as const)('CANCELLED, %s', (_, quantity, status, filled_quantity) => {
    const next = applyFillToOrder(order('CANCELLED', 4, 100), { quantity, price: 100 }, strictly);
    expect(next).toEqual({ status, filled_quantity, filled_price: 100, late: true, overfill: false });
  });

  test.each([
    ['PLACED', 0],
    ['PARTIALLY_FILLED', 8],
    ['CANCELLED', 8],
    ['FILLED', 10],
  ] as const)('%s, beyond its quantity', (status, filled) => {
    const before = order(status, filled, 100);
    const fill = { quantity: 11, price: 100 };
    expect(refusal(() => applyFillToOrder(before, fill, strictly)).code).toBe(
      status === 'FILLED' ? 'ORDER_STATE' : 'OVERFILL',
    );
    expect(applyFillToOrder(before, fill, leniently)).toEqual({
      status: 'FILLED',
      filled_quantity: filled + 11,
      filled_price: 100,
      late: status === 'CANCELLED',
      overfill: true,
    });
  });

  test.each([strictly, leniently])('REJECTED is refused (%o)', (policy) => {
    const refused = refusal(() => applyFillToOrder(order('REJECTED'), { quantity: 1, price: 1 }, policy));
    expect(refused.code).toBe('ORDER_STATE');
    expect(refused.message).toBe(
      'Order ord_x is REJECTED; a fill needs PENDING, PLACED, PARTIALLY_FILLED or CANCELLED.',
    );
  });

  test.each([
    [0, 1],
    [1.5, 1],
    [1, 0],
    [1, Number.NaN],
  ])('PLACED with %d shares at %d is a mistake', (quantity, price) =>
    expect(() => applyFillToOrder(order('PLACED'), { quantity, price }, strictly)).toThrow(RangeError),
  );
});

test('a cancel needs a working order', () => {
  for (const status of ['PENDING', 'PLACED', 'PARTIALLY_FILLED'] as const)
    assertTransition(order(status), 'CANCELLED');
  for (const status of ['FILLED', 'REJECTED', 'CANCELLED'] as const)
    expect(refusal(() => assertTransition(order(status), 'CANCELLED')).message).toBe(
      `Order ord_x is ${status}; a cancel needs PENDING, PLACED or PARTIALLY_FILLED.`,
    );
});

test('a rejection or a placement is refused once shares are filled', () => {
  const filled = order('PARTIALLY_FILLED', 1, 100);
  expect(refusal(() => assertTransition(filled, 'REJECTED')).message).toBe(
    'Order ord_x is PARTIALLY_FILLED; a rejection needs PENDING or PLACED.',
  );
  expect(refusal(() => assertTransition(filled, 'PLACED')).message).toBe(
    'Order ord_x is PARTIALLY_FILLED; a placement needs PENDING.',
  );
});

describe('whatever happens to an order', () => {
  const fill = fc.record({
    quantity: fc.integer({ min: 1, max: 8 }),
    price: fc.integer({ min: 1, max: 500_000 }).map((paisa) => paisa / 100),
  });
  type Event = 'PLACED' | 'REJECTED' | 'CANCELLED' | { quantity: number; price: number };
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 4, arbitrary: fill },
    fc.constantFrom('PLACED', 'REJECTED', 'CANCELLED'),
  );

  /** The order after an event; the same one where the event is refused. */
  function after(before: FillableOrder, each: Event, allowOverfill: boolean): FillableOrder {
    try {
      if (typeof each === 'object') {
        const { late, overfill, ...next } = applyFillToOrder(before, each, { allowOverfill });
        expect(late).toBe(before.status === 'CANCELLED');
        expect(overfill).toBe(next.filled_quantity > before.quantity);
        return { ...before, ...next };
      }
      assertTransition(before, each);
      return { ...before, status: each };
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      return before;
    }
  }

  function agrees({ status, quantity, filled_quantity }: FillableOrder, allowOverfill: boolean): void {
    expect(status === 'FILLED').toBe(filled_quantity >= quantity);
    if (status === 'FILLED' && !allowOverfill) expect(filled_quantity).toBe(quantity);
    if (status === 'PARTIALLY_FILLED') expect(filled_quantity).toBeGreaterThan(0);
    if (['PENDING', 'PLACED', 'REJECTED'].includes(status)) expect(filled_quantity).toBe(0);
  }

  test('its state, its fills and its mean price agree', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.boolean(), (events, allowOverfill) => {
        let now = order('PENDING');
        let paid = 0;
        for (const each of events) {
          const before = now;
          now = after(before, each, allowOverfill);
          agrees(now, allowOverfill);
          if (now.status !== before.status) expect(canTransition(before.status, now.status)).toBe(true);
          const shares = now.filled_quantity - before.filled_quantity;
          if (typeof each === 'object') expect([0, each.quantity]).toContain(shares);
          if (typeof each === 'object') paid += shares * each.price;
        }
        expect(now.filled_price * now.filled_quantity).toBeCloseTo(paid, 6);
      }),
      { numRuns: 500 },
    );
  });
});
