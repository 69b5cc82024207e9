import type { Trx } from '../audit/change.ts';
import { refused } from '../cli/errors.ts';
import { type Fill, FillConflict, type Fold, foldFills } from './fold.ts';
import { lockBook } from './lock.ts';
import { LedgerRefusal } from './order.ts';
import { type NewOrder, placeOrders } from './place.ts';
import { writeFold } from './write.ts';

/**
 * Books executions and everything they cause, within the caller's transaction: the one place where money moves, the
 * same for one fill from the keyboard and for a batch of a file. Needs phase 2. Orders that are placed with their
 * fills are written once, as the fills leave them. Executions that are booked already are counted and left alone.
 * Throws a refusal (exit 5) naming the order's state, the limit or the conflict; then nothing may be committed.
 */
export async function bookFills(
  trx: Trx,
  fills: readonly Fill[],
  placing: readonly NewOrder[] = [],
): Promise<Fold> {
  const book = await lockBook(trx, fills, placing);
  const fold = refusing(() => foldFills(book, fills, false));
  const fresh = new Set(placing.map((order) => order.order_id));
  await placeOrders(
    trx,
    placing.map((order) => ({ ...order, ...book.orders.get(order.order_id) })),
    2,
  );
  await writeFold(trx, { ...fold, orders: fold.orders.filter((order) => !fresh.has(order.order_id)) });
  return fold;
}

/** What the pure ledger refuses, as the command line says it. */
export function refusing<T>(decide: () => T): T {
  try {
    return decide();
  } catch (error) {
    if (error instanceof LedgerRefusal) throw refused(error.code, error.message);
    if (error instanceof FillConflict) throw refused('FILL_CONFLICT', error.message);
    throw error;
  }
}
