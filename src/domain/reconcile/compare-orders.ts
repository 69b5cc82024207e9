import type { BrokerOrder } from '../broker.ts';
import { isWorking } from '../enums.ts';
import { isBefore, microsecondsOf } from '../instant.ts';
import { compareFills, contradiction, type FillComparison } from './compare-fills.ts';
import { compareStatus } from './compare-status.ts';
import { compareTerms } from './compare-terms.ts';
import { aboutOrder, stateOf, stateOfOurs } from './describe.ts';
import {
  type ComparisonClock,
  type Difference,
  differenceOf,
  type OurBook,
  type OurFill,
  type OurOrder,
  rowsOf,
  type TheirBooks,
} from './difference.ts';
import { externalOrder } from './external-order.ts';
import { type MatchedOrder, matchOrders } from './match-orders.ts';
import { addMovement, type Movements } from './movements.ts';

/** How often the broker must not have an order before that means anything, and how old its placement is then. */
const LOOKS_NEEDED = 3;
const LOOKS_OVER_MS = 60_000;

export interface OrderComparison {
  differences: Difference[];
  /** What positions will move by once the executions that are missing here are booked. */
  movements: Movements;
}

/**
 * Compares orders, then their executions. An answer that did not come shows nothing: without the order book no order is
 * missing or external, without the trade book no execution is.
 */
export function compareOrders(
  book: Pick<OurBook, 'orders'>,
  books: TheirBooks,
  clock: ComparisonClock,
): OrderComparison {
  const { matched, external, elsewhere, contradictions } = matchOrders(book.orders, books);
  const circumstances = {
    clock,
    elsewhere,
    hasOrders: rowsOf(books.orders) !== undefined,
    hasTrades: rowsOf(books.trades) !== undefined,
  };
  const movements: Movements = new Map();
  const differences = matched.flatMap((match) => compareMatched(match, circumstances, movements));
  for (const order of external) {
    differences.push(externalOrder(order));
    for (const trade of order.trades) addMovement(movements, trade);
  }
  differences.push(...contradictions.map(contradiction));
  return { differences, movements };
}

interface Circumstances {
  clock: ComparisonClock;
  elsewhere: ReadonlySet<OurFill>;
  hasOrders: boolean;
  hasTrades: boolean;
}

/** Compares one order; what its missing executions move is added to `movements`. */
function compareMatched(
  match: MatchedOrder,
  { clock, elsewhere, hasOrders, hasTrades }: Circumstances,
  movements: Movements,
): Difference[] {
  const { ours, theirs } = match;
  const { differences, missing, isBookable } = hasTrades
    ? compareFills(match, { dayStart: clock.dayStart, hasOrders, elsewhere })
    : NO_FILLS;
  for (const trade of missing) addMovement(movements, { ...trade, product: ours.product });
  if (!theirs) {
    const isAbsent = hasOrders && isWorking(ours.status);
    return [...differences, ...(isAbsent ? missingThere(match, clock) : [])];
  }
  const shares = missing.reduce((sum, { quantity }) => sum + quantity, 0);
  const filled = ours.filled_quantity + (isBookable ? shares : 0);
  const unbookable = isBookable ? 0 : shares;
  return [
    ...compareAcceptance(match, theirs),
    ...compareTerms(ours, theirs),
    ...differences,
    ...compareStatus(match, theirs, { filled, unbookable, hasTrades }),
  ];
}

const NO_FILLS: FillComparison = { differences: [], missing: [], isBookable: true };

/** An order that the broker has and that is not accepted here. */
function compareAcceptance({ ours }: MatchedOrder, theirs: BrokerOrder): Difference[] {
  const { order_id, status, broker_order_id } = ours;
  if (status !== 'PENDING' && (broker_order_id !== '' || status === 'REJECTED')) return [];
  return [
    differenceOf({
      ...aboutOrder(ours, theirs),
      class: 'ORDER_UNACKNOWLEDGED',
      severity: 'ERROR',
      ours: status,
      theirs: stateOf(theirs),
      suggestion: `accept it under the id ${theirs.broker_order_id}`,
      repair: { kind: 'accept', order_id, broker_order_id: theirs.broker_order_id },
    }),
  ];
}

/** A working order that the order book of the broker does not have. */
function missingThere({ ours }: MatchedOrder, clock: ComparisonClock): Difference[] {
  const { order_id, status, broker_order_id, order_tag, created_at, sent } = ours;
  // It never went out.
  if (status === 'PENDING' && broker_order_id === '' && !(order_tag !== null && sent?.isOpen)) return [];
  const since = sent && isBefore(created_at, sent.at) ? sent.at : created_at;
  const parts = { ...aboutOrder(ours, undefined), ours: stateOfOurs(ours) };
  if (isBefore(since, clock.dayStart)) {
    const reason = `day order of ${clock.dateOf(since)}`;
    return [
      differenceOf({
        ...parts,
        class: 'ORDER_EXPIRED',
        severity: 'WARNING',
        suggestion: `cancel it: ${reason}`,
        repair: { kind: 'cancel', order_id, reason },
      }),
    ];
  }
  return [
    differenceOf({
      ...parts,
      class: 'ORDER_UNKNOWN_AT_BROKER',
      ...whatOfUnknown(ours, clock),
    }),
  ];
}

function whatOfUnknown(
  { order_id, status, broker_order_id, order_tag, sent }: OurOrder,
  { now }: ComparisonClock,
): Pick<Difference, 'severity' | 'suggestion' | 'repair'> {
  if (status !== 'PENDING') {
    const why =
      broker_order_id === '' && order_tag === null
        ? 'it has neither an id of the broker nor a tag'
        : 'it was accepted';
    return { severity: 'ERROR', suggestion: `${why}: ask the broker`, repair: null };
  }
  if (!sent)
    return {
      severity: 'ERROR',
      suggestion: 'nobody wrote down that it was sent: ask the broker',
      repair: null,
    };
  const isOld = microsecondsOf(now) - microsecondsOf(sent.at) >= LOOKS_OVER_MS * 1_000;
  if (isOld && sent.looks >= LOOKS_NEEDED) {
    const reason = `the broker does not have it: ${sent.looks} looks since it was sent`;
    return {
      severity: 'ERROR',
      suggestion: `reject it: ${reason}`,
      repair: { kind: 'reject', order_id, reason, unsent: true },
    };
  }
  return {
    severity: 'WARNING',
    suggestion: `look again: ${sent.looks} of ${LOOKS_NEEDED} looks, over at least ${LOOKS_OVER_MS / 1_000} s`,
    repair: { kind: 'look', order_id },
  };
}
