import { type BrokerOrder, type BrokerTrade, endedUnfilled } from '../broker.ts';
import { type OurFill, type OurOrder, rowsOf, type TheirBooks } from './difference.ts';

/** An order of ours with what the broker has of it. */
export interface MatchedOrder {
  ours: OurOrder;
  /** Undefined where the broker has no such order, or its order book did not come. */
  theirs: BrokerOrder | undefined;
  /** Each execution once. */
  trades: readonly BrokerTrade[];
}

/** An order of the broker that is none of ours, or executions without an order in its book. */
export interface ExternalOrder {
  broker_order_id: string;
  order: BrokerOrder | undefined;
  /** Those that are not booked here under another order. */
  trades: readonly BrokerTrade[];
  /** The order of ours whose tag it has, although that one is another order at the broker. */
  twinOf: OurOrder | undefined;
}

export interface Matching {
  matched: readonly MatchedOrder[];
  external: readonly ExternalOrder[];
  /** Executions of ours that the broker has under an order that is none of ours: they came with a file. */
  elsewhere: ReadonlySet<OurFill>;
  /** Executions that the broker shows again under their id, with other data. */
  contradictions: readonly BrokerTrade[];
}

/**
 * Finds the orders of ours in the books of the broker: by the id that the broker gave, else by our tag. Without its order
 * book nothing is external, and only orders with an id have executions.
 */
export function matchOrders(ours: readonly OurOrder[], theirs: TheirBooks): Matching {
  const orders = rowsOf(theirs.orders);
  const { trades, contradictions } = tradesByOrder(rowsOf(theirs.trades) ?? []);
  const byId = new Map((orders ?? []).map((order) => [order.broker_order_id, order]));
  const taken = new Map<string, OurOrder>();
  for (const order of ours) if (order.broker_order_id !== '') taken.set(order.broker_order_id, order);
  const untagged = ours.filter((order) => order.broker_order_id === '' && order.order_tag !== null);
  const byTag = new Map(untagged.map((order) => [order.order_tag, order]));
  const found = new Map<OurOrder, BrokerOrder>();
  for (const order of orders ?? []) {
    const tagged = order.tag === '' ? undefined : byTag.get(order.tag);
    if (!tagged || found.has(tagged) || taken.has(order.broker_order_id)) continue;
    if (isFormerAttempt(tagged, order)) continue;
    found.set(tagged, order);
    taken.set(order.broker_order_id, tagged);
  }
  const matched = ours.map((order): MatchedOrder => {
    const their = order.broker_order_id === '' ? found.get(order) : byId.get(order.broker_order_id);
    return {
      ours: order,
      theirs: their,
      trades: trades.get(their?.broker_order_id ?? order.broker_order_id) ?? [],
    };
  });
  const elsewhere = new Set<OurFill>();
  const external = orders ? externalOrders(ours, { orders: byId, trades, taken }, elsewhere) : [];
  return { matched, external, elsewhere, contradictions };
}

/** Whether an order of the broker is what became of an order before it was made PENDING again. */
const isFormerAttempt = ({ status, sent }: OurOrder, theirs: BrokerOrder): boolean =>
  status === 'PENDING' && sent?.isOpen === false && endedUnfilled(theirs);

interface Theirs {
  orders: ReadonlyMap<string, BrokerOrder>;
  trades: ReadonlyMap<string, readonly BrokerTrade[]>;
  /** The ids of those that are ours. */
  taken: ReadonlyMap<string, OurOrder>;
}

/** The orders of nobody here. What of their executions is booked under another order is added to `elsewhere`. */
function externalOrders(
  ours: readonly OurOrder[],
  { orders, trades, taken }: Theirs,
  elsewhere: Set<OurFill>,
): ExternalOrder[] {
  const booked = bookedExecutions(ours);
  const tags = new Map(ours.flatMap((order) => (order.order_tag === null ? [] : [[order.order_tag, order]])));
  const ids = [...new Set([...orders.keys(), ...trades.keys()])].filter((id) => !taken.has(id));
  return ids.flatMap((broker_order_id): ExternalOrder[] => {
    const order = orders.get(broker_order_id);
    const all = trades.get(broker_order_id) ?? [];
    const fresh = all.filter((trade) => {
      const found = findBooked(trade, booked);
      if (found) elsewhere.add(found);
      return !found;
    });
    // Its executions came with a file.
    if (all.length > 0 && fresh.length === 0) return [];
    if (fresh.length === 0 && order && endedUnfilled(order)) return [];
    return [{ broker_order_id, order, trades: fresh, twinOf: order && tags.get(order.tag) }];
  });
}

type Booked = ReadonlyMap<string, { order: OurOrder; fill: OurFill }[]>;

function bookedExecutions(ours: readonly OurOrder[]): Booked {
  const booked = new Map<string, { order: OurOrder; fill: OurFill }[]>();
  for (const order of ours)
    for (const fill of order.fills)
      booked.set(fill.broker_fill_id, [...(booked.get(fill.broker_fill_id) ?? []), { order, fill }]);
  return booked;
}

const findBooked = (trade: BrokerTrade, booked: Booked): OurFill | undefined =>
  booked
    .get(trade.broker_fill_id)
    ?.find(
      ({ order, fill }) =>
        order.symbol === trade.symbol &&
        order.side === trade.side &&
        fill.quantity === trade.quantity &&
        fill.price === trade.price,
    )?.fill;

function tradesByOrder(rows: readonly BrokerTrade[]) {
  const trades = new Map<string, BrokerTrade[]>();
  const first = new Map<string, BrokerTrade>();
  const contradictions: BrokerTrade[] = [];
  for (const trade of rows) {
    const key = `${trade.broker_order_id}\n${trade.broker_fill_id}`;
    const before = first.get(key);
    if (before) {
      if (!isSameExecution(before, trade)) contradictions.push(trade);
      continue;
    }
    first.set(key, trade);
    const list = trades.get(trade.broker_order_id);
    if (list) list.push(trade);
    else trades.set(trade.broker_order_id, [trade]);
  }
  return { trades, contradictions };
}

const isSameExecution = (a: BrokerTrade, b: BrokerTrade): boolean =>
  a.quantity === b.quantity && a.price === b.price && a.side === b.side && a.symbol === b.symbol;
