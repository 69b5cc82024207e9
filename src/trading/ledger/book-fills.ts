import type { Trx } from '../../audit/transaction.ts';
import { applyFills } from '../../domain/apply-fills.ts';
import type { BookingResult, Fill } from '../../domain/book.ts';
import { rememberExact } from './exact-costs.ts';
import { insertOrders, type NewOrder } from './insert-orders.ts';
import { type LockedBook, lockBook } from './lock-book.ts';
import { writeBook } from './write-book.ts';

export interface Booking {
  /** Orders that are placed with these fills: history, without notifications. */
  placing?: readonly NewOrder[];
  /** The broker is authoritative: a fill beyond the order's quantity is recorded, flagged and notified. */
  allowOverfill?: boolean;
}

export interface Booked extends BookingResult {
  /** After the fills. */
  book: LockedBook;
}

/**
 * Books executions and everything they cause, within the caller's transaction. All money moves here, for a single fill
 * as for a batch from a file. Orders that are placed with their fills are written once, in their final state.
 * Executions that are already booked are counted and skipped. Throws (exit 5) naming the order's state, the limit or
 * the conflict; then the transaction must be rolled back.
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
  rememberExact(trx, fold.positions);
  await writeBook(trx, {
    ...fold,
    orders: fold.orders.filter((order) => !fresh.has(order.order_id)),
    notices: fold.notices.filter(({ data }) => !fresh.has(String(data['order_id']))),
  });
  return { ...fold, book };
}
