import type { Trx } from '../../audit/transaction.ts';
import type { Broker, BrokerOrder, PlacedOrder } from '../../domain/broker.ts';
import { isWorking } from '../../domain/enums.ts';
import type { OrderId } from '../../domain/id.ts';
import { refused } from '../../util/failure.ts';
import { findInstruments } from '../instruments/find-instrument.ts';
import type { Order } from '../ledger/order-store.ts';

/** The order book of a broker by its ids. */
export type OrderBook = ReadonlyMap<string, BrokerOrder>;

/** The order books of brokers by id, each read once; what changes an order names everything that the book says of it. */
export function orderBooks(): (broker: Broker) => Promise<OrderBook> {
  const books = new Map<Broker, Promise<OrderBook>>();
  return (broker) => {
    const book =
      books.get(broker) ??
      broker.orders().then((orders) => new Map(orders.map((order) => [order.broker_order_id, order])));
    books.set(broker, book);
    return book;
  };
}

/** An order as the broker has it, for a change of it. Throws NOT_AT_BROKER and ENDED_AT_BROKER. */
export async function placedOrder(
  trx: Trx,
  order: Pick<Order, 'order_id' | 'user_id' | 'broker_order_id'>,
  book: OrderBook,
): Promise<PlacedOrder> {
  const theirs = book.get(order.broker_order_id);
  if (!theirs) throw notAtBroker(order.order_id, order.broker_order_id, order.user_id);
  if (theirs.status !== null && !isWorking(theirs.status))
    throw refused(
      'ENDED_AT_BROKER',
      `Order ${order.order_id} has ended at the broker, which says ${theirs.status_text}.`,
      `To bring that here: pinnacle broker sync ${order.user_id}`,
    );
  const [instrument] = await findInstruments(trx, [theirs]);
  const { symbol, exchange, tag, side, order_type, quantity, price, trigger_price, variety } = theirs;
  return {
    ...(instrument ?? { tradingSymbol: symbol, token: '' }),
    ...{ symbol, exchange, tag, side, order_type, quantity, price, trigger_price, variety },
    product: theirs.product ?? 'CNC',
    broker_order_id: theirs.broker_order_id,
  };
}

const notAtBroker = (orderId: OrderId, brokerOrderId: string, user: string) =>
  refused(
    'NOT_AT_BROKER',
    `The order book of the broker has no order ${brokerOrderId}, which order ${orderId} is there.`,
    `Run: pinnacle reconcile orders ${user}`,
  );
