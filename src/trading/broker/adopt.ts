import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { Fill } from '../../domain/book.ts';
import type { OrderOrigin, OrderStatus } from '../../domain/enums.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TheirBooks } from '../../domain/reconcile/difference.ts';
import { Failure } from '../../util/failure.ts';
import { bookFills } from '../ledger/book-fills.ts';
import { insertOrder, type NewOrder } from '../ledger/insert-orders.ts';
import { keepInvariants } from '../ledger/keep-invariants.ts';
import { findOrder, type Order } from '../ledger/order-store.ts';
import { findStrategy } from '../strategies/store.ts';

/** An order that nobody placed here, and its executions. */
export interface Adoption {
  order: NewOrder;
  origin: OrderOrigin;
  broker_order_id: string;
  exchange: string | null;
  trigger_price: number | null;
  fills: readonly Omit<Fill, 'order_id' | 'booked_at'>[];
  /** What becomes of it after its executions, if it is not full. */
  status: OrderStatus;
}

/** What was taken over from the broker, as a row. Prices in rupees per share. */
export interface AdoptedOrder {
  user_id: UserId;
  /** Null where nothing had to be booked. */
  order_id: string | null;
  broker_order_id: string | null;
  origin: OrderOrigin;
  strategy_id: StrategyId | null;
  symbol: string;
  product: string | null;
  side: string | null;
  quantity: number;
  price: number | null;
  status: string | null;
  reason: string;
}

/**
 * Writes an order of the broker with its executions, through the ledger as every other; the user must be locked. Throws
 * LEDGER_INCONSISTENT where an invariant of `doctor ledger` would not hold that did before.
 */
export async function insertAdoption(trx: Trx, adoption: Adoption, booked_at: Instant): Promise<Order> {
  const { order, origin, broker_order_id, exchange, trigger_price, fills, status } = adoption;
  const { order_id, user_id } = order;
  return keepInvariants(trx, user_id, async () => {
    await insertOrder(trx, order);
    await sql`
      UPDATE orders SET status = 'PLACED', broker_order_id = ${broker_order_id}, origin = ${origin},
        exchange = ${exchange}, trigger_price = ${trigger_price}::float8
      WHERE order_id = ${order_id}`.execute(trx.db);
    const booked = fills.map((fill) => ({ ...fill, order_id, booked_at }));
    if (booked.length > 0) await bookFills(trx, booked, { allowOverfill: true });
    if (status === 'CANCELLED' || status === 'REJECTED')
      await sql`
        UPDATE orders SET status = 'CANCELLED', updated_at = ${booked_at}::timestamp
        WHERE order_id = ${order_id} AND status <> 'FILLED'`.execute(trx.db);
    return findOrder(trx.db, order_id);
  });
}

/** The rows of a book that an adoption needs. Throws BROKER_UNREACHABLE (exit 7) where it did not come. */
export function needBook<K extends keyof TheirBooks>(
  books: TheirBooks,
  name: K,
): Extract<NonNullable<TheirBooks[K]>, { rows: unknown }>['rows'] {
  const answer = books[name];
  if (answer && 'rows' in answer) return answer.rows as never;
  throw new Failure(
    'unreachable',
    'BROKER_UNREACHABLE',
    `The book of ${name} did not come: ${answer && 'failed' in answer ? answer.failed : 'it was not asked for'}`,
    { hint: 'Nothing is taken over from books that are not complete. Try again.', retryable: true },
  );
}

/** Throws STRATEGY_NOT_FOUND for a strategy that does not exist. */
export async function checkStrategy(ctx: Context, strategy: StrategyId | undefined): Promise<void> {
  if (strategy !== undefined) await findStrategy(await ctx.db(), strategy);
}
