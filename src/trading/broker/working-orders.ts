import type { Broker, BrokerOrder, PlacedOrder } from '../../domain/broker.ts';
import type { OrderId } from '../../domain/id.ts';
import { refused } from '../../util/failure.ts';
import type { Order } from '../ledger/order-store.ts';

/** The order book of a broker, read once and by id; what changes an order names everything that the book says of it. */
export function orderBookOf(broker: Broker): () => Promise<ReadonlyMap<string, BrokerOrder>> {
  let book: Promise<ReadonlyMap<string, BrokerOrder>> | undefined;
  return () => {
    book ??= broker.orders().then((orders) => new Map(orders.map((order) => [order.broker_order_id, order])));
    return book;
  };
}

/** An order as the broker has it, for a change of it; `token` is what its instrument has. Throws NOT_AT_BROKER. */
export function placedOrder(
  order: Pick<Order, 'order_id' | 'user_id' | 'broker_order_id'>,
  book: ReadonlyMap<string, BrokerOrder>,
  instrument: Pick<PlacedOrder, 'tradingSymbol' | 'token'>,
): PlacedOrder {
  const theirs = book.get(order.broker_order_id);
  if (!theirs) throw notAtBroker(order.order_id, order.broker_order_id, order.user_id);
  return {
    ...instrument,
    symbol: theirs.symbol,
    exchange: theirs.exchange,
    tag: theirs.tag,
    side: theirs.side,
    order_type: theirs.order_type,
    product: theirs.product ?? 'CNC',
    quantity: theirs.quantity,
    price: theirs.price,
    trigger_price: theirs.trigger_price,
    broker_order_id: theirs.broker_order_id,
    variety: theirs.variety,
  };
}

const notAtBroker = (orderId: OrderId, brokerOrderId: string, user: string) =>
  refused(
    'NOT_AT_BROKER',
    `The order book of the broker has no order ${brokerOrderId}, which order ${orderId} is there.`,
    `Run: pinnacle reconcile orders ${user}`,
  );
