import type { BrokerOrder } from '../broker.ts';
import { isWorking, type OrderStatus } from '../enums.ts';
import { canTransition } from '../order-state.ts';
import { aboutOrder, stateOf, stateOfOurs } from './describe.ts';
import { type Difference, differenceOf, type OurOrder } from './difference.ts';
import type { MatchedOrder } from './match-orders.ts';

/** What is known of the executions of an order. */
interface Executions {
  /** Shares that are filled here once the executions that may be booked are. */
  filled: number;
  /** Shares of executions of the broker that are not booked here, and may not be. */
  unbookable: number;
  /** Whether the trade book came. */
  hasTrades: boolean;
}

type Parts = Pick<Difference, 'class' | 'severity' | 'suggestion'> & Partial<Difference>;

/** Compares where an order is here and at the broker, once it has the executions that are missing here. */
export function compareStatus(
  match: MatchedOrder,
  theirs: BrokerOrder,
  executions: Executions,
): Difference[] {
  const { ours } = match;
  const parts = [lagging(theirs, executions), statusParts(match, theirs, executions.filled)];
  return parts.flatMap((found) =>
    found
      ? [
          differenceOf({
            ...aboutOrder(ours, theirs),
            ours: stateOfOurs(ours),
            theirs: stateOf(theirs),
            ...found,
          }),
        ]
      : [],
  );
}

/** The order book is ahead of the trade book. */
function lagging(theirs: BrokerOrder, { filled, unbookable, hasTrades }: Executions): Parts | undefined {
  const lacking = theirs.filled_quantity - filled - unbookable;
  if (!hasTrades || lacking <= 0) return undefined;
  return {
    class: 'FILL_MISSING',
    severity: 'WARNING',
    difference: String(lacking),
    suggestion: 'the trade book of the broker does not show these executions yet: look again',
  };
}

function statusParts({ ours, trades }: MatchedOrder, theirs: BrokerOrder, filled: number): Parts | undefined {
  if (theirs.status === null)
    return {
      class: 'ORDER_STATUS',
      severity: 'WARNING',
      suggestion: 'the broker uses a word that is not known here: the order stays as it is',
    };
  const status = statusAfter(ours, filled);
  if (isWorking(status)) return isWorking(theirs.status) ? undefined : ended(ours, status, theirs);
  if (isWorking(theirs.status)) {
    // The order book may be older than the trade book.
    const traded = trades.reduce((sum, { quantity }) => sum + quantity, 0);
    return status === 'FILLED' && traded >= ours.quantity
      ? undefined
      : backwards(ours, 'cancel it at the broker');
  }
  return contradicts(status, theirs) ? backwards(ours, 'both have ended it, differently') : undefined;
}

/** An order that works here and has ended there. That it is filled shows in its executions. */
function ended(
  { order_id }: OurOrder,
  status: OrderStatus,
  { status: to, text }: BrokerOrder,
): Parts | undefined {
  if (to !== 'CANCELLED' && to !== 'REJECTED') return undefined;
  const parts = { class: 'ORDER_STATUS', severity: 'WARNING' } as const;
  if (!canTransition(status, to))
    return { ...parts, suggestion: 'a partially filled order cannot be rejected: cancel it by hand' };
  if (to === 'CANCELLED') {
    const reason = text || 'cancelled at the broker';
    return {
      ...parts,
      suggestion: 'cancel it; its fills are kept',
      repair: { kind: 'cancel', order_id, reason },
    };
  }
  const reason = text || 'rejected by the broker';
  return { ...parts, suggestion: `reject it: ${reason}`, repair: { kind: 'reject', order_id, reason } };
}

const backwards = ({ order_id }: OurOrder, what: string): Parts => ({
  class: 'ORDER_STATUS_BACKWARDS',
  severity: 'CRITICAL',
  suggestion: `never repaired: ${what}; see order show ${order_id}`,
});

/**
 * Whether an order ended here and there in ways that cannot both be true. That it ended without shares is one way; that its
 * last shares were filled after the cancel, another one.
 */
function contradicts(status: OrderStatus, theirs: BrokerOrder): boolean {
  if (status === 'REJECTED') return theirs.status === 'FILLED' || theirs.filled_quantity > 0;
  const isWhole = theirs.status === 'CANCELLED' && theirs.filled_quantity >= theirs.quantity;
  return status === 'FILLED' && !isWhole && (theirs.status === 'CANCELLED' || theirs.status === 'REJECTED');
}

/** The status of an order with so many shares filled. */
function statusAfter({ status, quantity, filled_quantity }: OurOrder, filled: number): OrderStatus {
  if (status === 'REJECTED' || filled <= filled_quantity) return status;
  if (filled >= quantity) return 'FILLED';
  return status === 'CANCELLED' ? status : 'PARTIALLY_FILLED';
}
