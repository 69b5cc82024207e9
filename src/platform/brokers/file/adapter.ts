import type { Broker, BrokerAnswer } from '../../../domain/broker.ts';
import {
  readDeliveries,
  readFunds,
  readOrderBook,
  readPositionBook,
  readTradeBook,
} from '../../../domain/brokers/angelone-rows.ts';
import type { Instant } from '../../../domain/instant.ts';
import { type BookName, readable, readSavedBook, type SavedBooks } from './saved-book.ts';

const NO_ORDERS: BrokerAnswer = {
  outcome: 'unsent',
  reason: 'books that were saved take no orders',
  http_status: null,
  answer: '',
};

/** Books that somebody saved, in the form of Angel One: for comparing without any access to the broker. It takes no orders. */
export function fileBroker(books: SavedBooks): Broker {
  async function read<T>(name: BookName, parse: (data: unknown, day: string) => T): Promise<T> {
    const { data, path, day } = await readSavedBook(books, name);
    return readable(path, () => parse(data, day));
  }
  let dates: ReadonlyMap<string, Instant> = new Map();
  const refuse = async () => NO_ORDERS;

  return {
    kind: 'file',
    async orders() {
      const orders = await read('orders', readOrderBook);
      dates = new Map(
        orders.flatMap(({ broker_order_id: id, updated_at }) => (updated_at ? [[id, updated_at]] : [])),
      );
      return orders;
    },
    trades: () => read('trades', (data, day) => readTradeBook(data, { orders: dates, day })),
    positions: () => read('positions', readPositionBook),
    holdings: () => read('holdings', readDeliveries),
    funds: () => read('funds', readFunds),
    ready: async () => {},
    place: refuse,
    modify: refuse,
    cancel: refuse,
  };
}
