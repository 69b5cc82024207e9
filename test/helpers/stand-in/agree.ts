import { expect } from 'vitest';
import type { TestDatabase } from '../databases.ts';
import type { StandIn } from './server.ts';
import type { StandInOrder } from './types.ts';

interface OurOrder {
  order_id: string;
  status: string;
  quantity: number;
  filled_quantity: number;
  broker_order_id: string;
  tags: string[];
}

/** Where an order of the stand-in stands in our words. */
function statusOf({ status, quantity, filled }: StandInOrder): string {
  if (filled >= quantity) return 'FILLED';
  if (status === 'open') return filled > 0 ? 'PARTIALLY_FILLED' : 'PLACED';
  return status.toUpperCase();
}

/**
 * Expects the book to be that of the stand-in: each order is there once at most, under one of its tags, as far as it is
 * here; each execution is booked once, and none else.
 */
export async function expectAgreement(db: TestDatabase, standIn: StandIn): Promise<void> {
  const { rows } = await db.query(
    `SELECT o.order_id, o.status::text, o.quantity, o.filled_quantity, o.broker_order_id,
       coalesce(array_agg(c.tag) FILTER (WHERE c.tag IS NOT NULL), '{}') AS tags
     FROM orders o LEFT JOIN broker_calls c ON c.order_id = o.order_id AND c.verb = 'place' GROUP BY o.order_id`,
  );
  const ours = rows as unknown as OurOrder[];
  const byTag = new Map<string, StandInOrder[]>();
  for (const order of standIn.book.orders.values())
    byTag.set(order.tag, [...(byTag.get(order.tag) ?? []), order]);
  const faults = ours.flatMap((order) => {
    const there = order.tags.flatMap((tag) => byTag.get(tag) ?? []);
    const [theirs] = there;
    const wanted = theirs
      ? { status: statusOf(theirs), filled: theirs.filled, id: theirs.id }
      : // What never went out may have been cancelled here alone.
        { status: order.status === 'CANCELLED' ? 'CANCELLED' : 'REJECTED', filled: 0, id: '' };
    const got = { status: order.status, filled: order.filled_quantity, id: order.broker_order_id };
    const same = there.length <= 1 && JSON.stringify(got) === JSON.stringify(wanted);
    return same ? [] : [{ order: order.order_id, times: there.length, got, wanted }];
  });
  expect(faults).toEqual([]);
  const known = new Set(ours.flatMap(({ tags }) => tags));
  expect([...byTag.keys()].filter((tag) => !known.has(tag))).toEqual([]);

  const fills = await db.query(
    `SELECT o.broker_order_id || ' ' || f.broker_fill_id || ' ' || f.quantity || ' ' || f.price AS text
     FROM order_fills f JOIN orders o ON o.order_id = f.order_id`,
  );
  expect(fills.rows.map(({ text }) => text).sort()).toEqual(
    standIn.book.trades
      .map(({ id, orderId, quantity, price }) => `${orderId} ${id} ${quantity} ${price}`)
      .sort(),
  );
}
