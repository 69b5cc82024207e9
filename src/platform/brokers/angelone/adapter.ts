import type { Broker, BrokerAnswer, OrderTerms } from '../../../domain/broker.ts';
import {
  readDeliveries,
  readFunds,
  readOrderBook,
  readPositionBook,
  readTradeBook,
} from '../../../domain/brokers/angelone-rows.ts';
import { cancelFields, modifyFields, placeFields } from '../../../domain/brokers/angelone-terms.ts';
import { VENDOR_ZONE } from '../../../domain/brokers/angelone-values.ts';
import type { Instant } from '../../../domain/instant.ts';
import { Failure } from '../../../util/failure.ts';
import { wallClock } from '../../../util/time.ts';
import { type AngelOneDependencies, brokerCalls } from './calls.ts';

const ORDERS = '/rest/secure/angelbroking/order/v1';
const PORTFOLIO = '/rest/secure/angelbroking/portfolio/v1';
const USER = '/rest/secure/angelbroking/user/v1';

/** Angel One SmartAPI for one trader. */
export function angelOneBroker(dependencies: AngelOneDependencies): Broker {
  const { read, change, ready } = brokerCalls(dependencies);
  // Of the order book that was read last: trades have no date of their own.
  let dates: ReadonlyMap<string, Instant> = new Map();
  const today = () => wallClock(dependencies.now().toISOString(), VENDOR_ZONE).slice(0, 10);

  const changeKnown = async (terms: OrderTerms, send: () => Promise<BrokerAnswer>) =>
    terms.token === '' ? unknownToken(terms) : send();

  return {
    kind: 'angelone',
    async orders() {
      const data = await read('orders', `${ORDERS}/getOrderBook`);
      const orders = readable('order book', () => readOrderBook(data));
      dates = new Map(
        orders.flatMap((order) => (order.updated_at ? [[order.broker_order_id, order.updated_at]] : [])),
      );
      return orders;
    },
    async trades() {
      const data = await read('trades', `${ORDERS}/getTradeBook`);
      return readable('trade book', () => readTradeBook(data, { orders: dates, day: today() }));
    },
    async positions() {
      const data = await read('positions', `${ORDERS}/getPosition`);
      return readable('list of positions', () => readPositionBook(data));
    },
    async holdings() {
      const data = await read('holdings', `${PORTFOLIO}/getHolding`);
      return readable('list of holdings', () => readDeliveries(data));
    },
    async funds() {
      const data = await read('funds', `${USER}/getRMS`);
      return readable('funds', () => readFunds(data));
    },
    ready,
    place: (terms) => changeKnown(terms, () => change(`${ORDERS}/placeOrder`, placeFields(terms))),
    modify: (order) => changeKnown(order, () => change(`${ORDERS}/modifyOrder`, modifyFields(order))),
    cancel: (order) => change(`${ORDERS}/cancelOrder`, cancelFields(order)),
  };
}

function unknownToken({ symbol, exchange }: OrderTerms): BrokerAnswer {
  const reason = `the broker's number of ${symbol} at ${exchange} is not known: import the list of instruments`;
  return { outcome: 'unsent', reason, http_status: null, answer: '' };
}

/** Reads a book. Throws BROKER_BOOK where it is not what the broker documents. */
function readable<T>(book: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure(
      'refused',
      'BROKER_BOOK',
      `The ${book} of the broker cannot be read: ${error.message}.`,
    );
  }
}
