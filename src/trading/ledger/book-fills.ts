import type { Trx } from '../../audit/transaction.ts';
import { applyFills } from '../../domain/apply-fills.ts';
import type { BookingResult, Fill } from '../../domain/book.ts';
import { insertOrders, type NewOrder } from './insert-orders.ts';
import { type LockedBook, lockBook } from './lock-book.ts';
import { writeBook } from './write-book.ts';

export interface Booking {
  /** Orders that are placed with these fills: history, of which nobody is notified. */
  placing?: readonly NewOrder[];
  /** The broker is the truth: a fill beyond the order's quantity is recorded, flagged and notified. */
  allowOverfill?: boolean;
}

export interface Booked extends BookingResult {
  /** As the fills leave it. */
  book: LockedBook;
}

/**
 * Books executions and everything they cause, within the caller's transaction: the one place where money moves, the
 * same for one fill from the keyboard and for a batch of a file. Orders that are placed with their fills are written
 * once, as the fills leave them. Executions that are booked already are counted and left alone.
 * Throws a refusal (exit 5) naming the order's state, the limit or the conflict; then nothing may be committed.
 */
export async function bookFills(
  trx: Trx,
  fills: readonly Fill[],
  { placing = [], allowOverfill = false }: Booking = {},
): Promise<Booked> {
  const book = await lockBook(trx, fills, placing);
  const fold = applyFills(book, fills, allowOverfill);
  const fresh = new Set<string>(placing.map((order) => order.order_id));
  await insertOrders(
    trx,
    placing.map((order) => ({ ...order, ...book.orders.get(order.order_id) })),
  );
  await writeBook(trx, {
    ...fold,
    orders: fold.orders.filter((order) => !fresh.has(order.order_id)),
    notices: fold.notices.filter(({ data }) => !fresh.has(String(data['order_id']))),
  });
  return { ...fold, book };
}
