import { FillConflict } from '../../domain/apply-fills.ts';
import type { OrderStatus } from '../../domain/enums.ts';
import type { OrderId } from '../../domain/id.ts';
import { assertTransition, LedgerRefusal } from '../../domain/order-state.ts';
import { refused } from '../../util/failure.ts';

/** Throws a refusal (exit 5) naming the state that an order is in, unless it may go to the other one. */
export function requireTransition(
  order: { order_id: OrderId; status: OrderStatus },
  to: OrderStatus,
  step?: string,
): void {
  asFailure(() => assertTransition(order, to, step));
}

/** What the pure ledger refuses, as the command line says it. */
export function asFailure<T>(decide: () => T): T {
  try {
    return decide();
  } catch (error) {
    if (error instanceof LedgerRefusal) throw refused(error.code, error.message, error.hint);
    if (error instanceof FillConflict)
      throw refused(
        'FILL_CONFLICT',
        error.message,
        'See what is booked: pinnacle order show ORDER. Another execution needs a broker fill id of its own.',
      );
    throw error;
  }
}
