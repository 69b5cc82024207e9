import type { Trx } from '../../audit/transaction.ts';
import { applyFills, type Booking } from '../../domain/apply-fills.ts';
import { type BookingResult, type ChainKey, type Fill, fillKey } from '../../domain/book.ts';
import { mintId } from '../../domain/id.ts';
import { fillsElsewhere } from './adopt-fills.ts';
import { insertOrders, type NewOrder, unfilled } from './insert-orders.ts';
import { type LockedBook, lockBook } from './lock-book.ts';
import { writeBook } from './write-book.ts';

export interface Booked extends BookingResult {
  /** After the fills. */
  book: LockedBook;
}

/**
 * Books executions and everything they cause, within the caller's transaction. All money moves here, for a single fill
 * as for a batch from a file. Executions that are already booked are counted and skipped. What other programs wrote into
 * the positions and orders is taken over first. Throws (exit 5) naming the
 * order's state, the limit or the conflict; then the transaction must be rolled back.
 */
export async function bookFills(
  trx: Trx,
  fills: readonly Fill[],
  { allowOverfill = false }: Pick<Booking, 'allowOverfill'> = {},
): Promise<Booked> {
  const book = await lockBook(trx, fills);
  const first = fills.find((fill) => !book.known.has(fillKey(fill)));
  const elsewhere = first
    ? await fillsElsewhere(trx, book.orders, first.booked_at, mintId('adp', new Date(first.booked_at)))
    : [];
  const fold = applyFills(book, [...elsewhere, ...fills], { allowOverfill });
  await writeBook(trx, fold);
  return { ...fold, book };
}

/** The fill of all of an order at its price, at the time of its placement. */
export const fillOfAll = (
  { order_id, quantity, price, created_at }: NewOrder,
  broker_fill_id: string,
): Fill => ({ order_id, broker_fill_id, quantity, price, executed_at: created_at, booked_at: created_at });

/** Books history, batch by batch, within the caller's transaction. */
export interface HistoryBook {
  /**
   * Books orders that are placed with their fills, and written once in their final state. Resolves when the batch before
   * is written: the server writes one while the next is computed.
   */
  book: (orders: readonly NewOrder[], fills: readonly Fill[]) => Promise<BookingResult>;
  /** Resolves when all is written. */
  written: () => Promise<void>;
}

/** Locks the book of these keys and keeps it in memory; until the end of the transaction it must move here only. */
export async function openHistory(trx: Trx, keys: readonly ChainKey[]): Promise<HistoryBook> {
  const locked = await lockBook(trx, [], keys);
  let writing = Promise.resolve();
  return {
    async book(orders, fills) {
      const placed = orders.map(unfilled);
      const book = {
        ...locked,
        orders: new Map(placed.map((order) => [order.order_id, order])),
        known: new Map(),
      };
      const fold = applyFills(book, fills, { quiet: true });
      const before = writing;
      // Both statements have their values before the next batch moves the same positions.
      writing = Promise.all([insertOrders(trx, placed), writeBook(trx, { ...fold, orders: [] })]).then(
        () => {},
      );
      writing.catch(() => {});
      await before;
      return fold;
    },
    written: () => writing,
  };
}
