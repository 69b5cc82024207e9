import { orderRow, type savedBooks, tradeRow } from '../commands/reconcile/saved-books.ts';
import type { TestDatabase } from './databases.ts';

const SYMBOLS = ['SBIN', 'TCS', 'INFY', 'ITC', 'RELIANCE'];

/**
 * So many orders of a trader, of today, and the books of the broker that are ahead of them. In turn: one whose answer was lost
 * and that is filled, one filled in two parts, one cancelled after a part, one rejected.
 */
export async function giveBrokerDay(
  db: Pick<TestDatabase, 'query'>,
  books: Pick<ReturnType<typeof savedBooks>, 'save'>,
  user: string,
  count: number,
): Promise<void> {
  await db.query(
    `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, broker_order_id, order_tag)
     SELECT $1 || '-' || i, $1, ($3::text[])[1 + i % 5], CASE WHEN i % 3 = 0 THEN 'SELL' ELSE 'BUY' END::order_side, 'LIMIT', 10, 100,
       CASE WHEN i % 4 = 0 THEN 'PENDING' ELSE 'PLACED' END::order_status, CASE WHEN i % 4 = 0 THEN '' ELSE $1 || 'b' || i END,
       $1 || 't' || i
     FROM generate_series(1, $2::int) i`,
    [user, count, SYMBOLS],
  );
  await db.query(
    `INSERT INTO broker_calls (call_id, user_id, order_id, verb, tag, request, outcome, resolved_at)
     SELECT 'cal_' || order_id, user_id, order_id, 'place', order_tag, '{}',
       CASE WHEN status = 'PENDING' THEN 'unknown' ELSE 'accepted' END, CASE WHEN status <> 'PENDING' THEN now() END
     FROM orders WHERE user_id = $1`,
    [user],
  );
  const all = Array.from({ length: count }, (_, n) => n + 1);
  const nameOf = (i: number) => ({
    orderid: `${user}b${i}`,
    tradingsymbol: `${SYMBOLS[i % SYMBOLS.length]}-EQ`,
    transactiontype: i % 3 === 0 ? 'SELL' : 'BUY',
  });
  const filledOf = (i: number) => [10, 10, 4, 0][i % 4] ?? 0;
  await books.save(user, {
    orders: all.map((i) =>
      orderRow({
        ...nameOf(i),
        ordertag: `${user}t${i}`,
        filledshares: String(filledOf(i)),
        unfilledshares: String(10 - filledOf(i)),
        averageprice: filledOf(i) > 0 ? '99.5' : '0',
        ...STATES[i % 4],
      }),
    ),
    trades: all.flatMap((i) => {
      const filled = filledOf(i);
      const parts = i % 4 === 1 ? [4, 6] : filled > 0 ? [filled] : [];
      return parts.map((size, part) =>
        tradeRow({ ...nameOf(i), fillid: `${user}f${i}.${part}`, fillsize: String(size), fillprice: '99.5' }),
      );
    }),
  });
}

const state = (status: string, text = '') => ({ status, orderstatus: status, text });
const STATES = [state('complete'), state('complete'), state('cancelled'), state('rejected', 'no margin')];

/** What `broker sync` must say of such a day when it brings it. */
export const broughtDay = (count: number) => {
  const ofKind = (kind: number) =>
    Array.from({ length: count }, (_, n) => n + 1).filter((i) => i % 4 === kind).length;
  return {
    accepted: ofKind(0),
    fills: ofKind(0) + 2 * ofKind(1) + ofKind(2),
    cancelled: ofKind(2),
    rejected: ofKind(3),
    differences: 0,
    unresolved: 0,
    problem: '',
  };
};
