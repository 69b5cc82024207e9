import type { Context } from '../../context.ts';
import type { Broker } from '../../domain/broker.ts';
import type { Answer, TheirBooks } from '../../domain/reconcile/difference.ts';
import { Failure } from '../../util/failure.ts';

/** Reads books of the broker, one after the other; one that does not come keeps no other from it. */
export async function readTheirBooks(
  { signal }: Pick<Context, 'signal'>,
  broker: Broker,
  wanted: readonly (keyof TheirBooks)[],
): Promise<TheirBooks> {
  const read = async <T>(name: keyof TheirBooks, ask: () => Promise<T>): Promise<Answer<T> | undefined> => {
    if (!wanted.includes(name)) return undefined;
    try {
      return { rows: await ask() };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      return { failed: error.message };
    }
  };
  const orders = await read('orders', () => broker.orders());
  // After the orders: what is complete in their book has its executions in that of trades.
  const trades = await read('trades', () => broker.trades());
  const positions = await read('positions', () => broker.positions());
  const holdings = await read('holdings', () => broker.holdings());
  const funds = await read('funds', () => broker.funds());
  return {
    ...(orders && { orders }),
    ...(trades && { trades }),
    ...(positions && { positions }),
    ...(holdings && { holdings }),
    ...(funds && { funds }),
  };
}
