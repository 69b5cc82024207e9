import type { Context } from '../../context.ts';
import type { Broker } from '../../domain/broker.ts';
import type { UserId } from '../../domain/id.ts';
import { Failure } from '../../util/failure.ts';
import { eachOf } from './each-of.ts';
import { openBroker } from './open-broker.ts';

/** What is done at the broker of a trader. */
export interface TraderWork<T, R> {
  each: (broker: Broker, item: T) => Promise<R>;
  /** The result for an item that fails, or is not tried because the broker is of no use to its trader now. */
  failed: (item: T, failure: Failure) => R;
}

/**
 * Does something with each item at the broker of its trader: those of one trader one after the other, several traders at
 * once. A refusal ends its item, any other failure all that its trader has left. The failure of an only item is thrown.
 */
export async function forEachTrader<T extends { user_id: UserId }, R>(
  ctx: Context,
  items: readonly T[],
  { each, failed }: TraderWork<T, R>,
): Promise<R[]> {
  const done = new Map<T, R>();
  const fail = (item: T, error: unknown) => {
    if (items.length === 1 || !(error instanceof Failure)) throw error;
    done.set(item, failed(item, error));
  };
  const ofTrader = async (user: UserId) => {
    const mine = items.filter((item) => item.user_id === user);
    let useless: unknown;
    const broker = await openBroker(ctx, user).catch((error) => {
      useless = error;
      return undefined;
    });
    for (const item of mine) {
      ctx.signal.throwIfAborted();
      if (broker === undefined || useless !== undefined) fail(item, useless);
      else
        await each(broker, item).then(
          (result) => done.set(item, result),
          (error) => {
            if (!(error instanceof Failure && error.kind === 'refused')) useless = error;
            fail(item, error);
          },
        );
    }
  };
  await eachOf(ctx, [...new Set(items.map(({ user_id }) => user_id))], ofTrader);
  return items.flatMap((item) => done.get(item) ?? []);
}
