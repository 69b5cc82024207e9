import type { BrokerTrade } from '../broker.ts';
import { isMinted } from '../id.ts';
import { isBefore } from '../instant.ts';
import { Decimal } from '../money.ts';
import { type ComparisonClock, type Difference, differenceOf, type OurFill } from './difference.ts';
import type { MatchedOrder } from './match-orders.ts';

/** What comparing the executions of an order showed. */
export interface FillComparison {
  differences: Difference[];
  /** Executions of the broker that are not booked here. */
  missing: readonly BrokerTrade[];
  /** Whether these may be booked. */
  isBookable: boolean;
}

interface FillCircumstances extends Pick<ComparisonClock, 'dayStart'> {
  /** Whether the order book came. */
  hasOrders: boolean;
  /** Executions of ours that the broker has under another order. */
  elsewhere: ReadonlySet<OurFill>;
}

/** Average prices that differ by less than this part agree. */
const PRICE_TOLERANCE = '0.0001';

/**
 * Compares the executions of an order by their broker fill ids. One that is booked under an id of ours, because somebody
 * entered it or another program wrote it, agrees with those of the broker if shares and mean price do. Nothing is booked
 * onto an order whose executions are not explained.
 */
export function compareFills(
  match: MatchedOrder,
  { dayStart, hasOrders, elsewhere }: FillCircumstances,
): FillComparison {
  const { ours, trades } = match;
  const known = new Map(ours.fills.map((fill) => [fill.broker_fill_id, fill]));
  const named = new Set(trades.map((trade) => trade.broker_fill_id));
  const differing = trades.flatMap((trade) => {
    const fill = known.get(trade.broker_fill_id);
    return fill && !isEqual(fill, trade) ? [fillDiffers(match, fill, trade)] : [];
  });
  const missing = trades.filter((trade) => !known.has(trade.broker_fill_id));
  // The trade book is that of one day.
  const extra = ours.fills.filter(
    (fill) =>
      !fill.busted &&
      !named.has(fill.broker_fill_id) &&
      !elsewhere.has(fill) &&
      !isBefore(fill.executed_at, dayStart),
  );
  const unnamed = extra.filter((fill) => fill.adopted || isMinted('fil', fill.broker_fill_id));
  if (unnamed.length > 0 && unnamed.length === extra.length && isSameSum(unnamed, missing))
    return { differences: differing, missing: [], isBookable: true };
  // Without the order book, what has no id of the broker is not found.
  const isSought = hasOrders || ours.broker_order_id !== '';
  const unknown = isSought && ours.origin !== 'adjust' ? extra : [];
  const problem = whyNotBooked(match, unknown.length + differing.length);
  let filled = ours.filled_quantity;
  const lacking = missing.map((trade) => {
    filled += trade.quantity;
    return fillMissing(match, trade, { problem, excess: filled - ours.quantity });
  });
  return {
    differences: [...differing, ...unknown.map((fill) => fillUnknown(match, fill)), ...lacking],
    missing,
    isBookable: problem === undefined,
  };
}

/** Why the executions of the broker may not be booked onto an order, as a sentence. */
function whyNotBooked({ ours }: MatchedOrder, unexplained: number): string | undefined {
  const { order_id, status, filled_quantity, fills } = ours;
  const booked = fills.reduce((sum, fill) => sum + (fill.busted ? 0 : fill.quantity), 0);
  if (booked !== filled_quantity)
    return `Another program filled ${filled_quantity} of the order, and ${booked} are booked: take its book over first, with ledger adopt.`;
  if (unexplained > 0)
    return 'The order has executions that the broker does not have: nothing is booked on top.';
  if (status === 'REJECTED')
    return `The order is REJECTED here: order retry ${order_id} makes it one that can be filled.`;
  return undefined;
}

function fillMissing(
  { ours, theirs }: MatchedOrder,
  trade: BrokerTrade,
  { problem, excess }: { problem: string | undefined; excess: number },
): Difference {
  const { order_id, created_at } = ours;
  const { broker_fill_id, quantity, price } = trade;
  const booking = `book execution ${broker_fill_id}`;
  // Clocks differ.
  const executed_at = isBefore(trade.executed_at, created_at) ? created_at : trade.executed_at;
  return differenceOf({
    ...about({ ours, theirs }, trade),
    class: 'FILL_MISSING',
    severity: excess > 0 ? 'CRITICAL' : 'ERROR',
    theirs: lot(trade),
    difference: String(quantity),
    suggestion:
      problem ??
      (excess > 0 ? `${booking}, which exceeds the order by ${Math.min(excess, quantity)}` : booking),
    repair:
      problem === undefined ? { kind: 'fill', order_id, broker_fill_id, quantity, price, executed_at } : null,
  });
}

function fillDiffers(match: MatchedOrder, fill: OurFill, trade: BrokerTrade): Difference {
  return differenceOf({
    ...about(match, trade),
    class: 'FILL_DIFFERS',
    severity: 'CRITICAL',
    ours: fill.busted ? `${lot(fill)}, taken back` : lot(fill),
    theirs: lot(trade),
    difference: fill.busted ? String(trade.quantity) : String(trade.quantity - fill.quantity),
    suggestion: fill.busted
      ? 'it was taken back here, and the broker has it: ask the broker'
      : 'correct it by hand, with fill correct',
  });
}

function fillUnknown(match: MatchedOrder, fill: OurFill): Difference {
  return differenceOf({
    ...about(match, fill),
    class: 'FILL_UNKNOWN_AT_BROKER',
    severity: 'CRITICAL',
    ours: lot(fill),
    difference: String(-fill.quantity),
    suggestion: 'ask the broker; if it never was, take it back by hand, with fill bust',
  });
}

/** An execution that the broker shows twice, with two meanings. */
export const contradiction = (trade: BrokerTrade): Difference =>
  differenceOf({
    class: 'FILL_DIFFERS',
    severity: 'CRITICAL',
    symbol: trade.symbol,
    product: trade.product,
    broker_order_id: trade.broker_order_id,
    broker_fill_id: trade.broker_fill_id,
    theirs: lot(trade),
    suggestion: 'the broker shows this execution twice, with other data: ask the broker',
  });

const about = (
  { ours, theirs }: Pick<MatchedOrder, 'ours' | 'theirs'>,
  { broker_fill_id }: { broker_fill_id: string },
) => ({
  symbol: ours.symbol,
  product: ours.product,
  order_id: ours.order_id,
  broker_order_id: theirs?.broker_order_id ?? (ours.broker_order_id || null),
  broker_fill_id,
});

const lot = ({ quantity, price }: { quantity: number; price: number }) => `${quantity} at ${price}`;

const isEqual = (fill: OurFill, trade: BrokerTrade): boolean =>
  !fill.busted && fill.quantity === trade.quantity && fill.price === trade.price;

function isSameSum(fills: readonly OurFill[], trades: readonly BrokerTrade[]): boolean {
  const [a, b] = [sumOf(fills), sumOf(trades)];
  return a.quantity === b.quantity && isNear(a.cost, b.cost);
}

function sumOf(lots: readonly { quantity: number; price: number }[]) {
  let quantity = 0;
  let cost = new Decimal(0);
  for (const each of lots) {
    quantity += each.quantity;
    cost = cost.plus(new Decimal(each.price).times(each.quantity));
  }
  return { quantity, cost };
}

/** Whether two amounts differ by 0.01 % at most. */
export const isNear = (a: Decimal, b: Decimal): boolean =>
  a.minus(b).abs().lte(b.abs().times(PRICE_TOLERANCE));
