import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { BookedFill, Fill } from '../../domain/book.ts';
import { mintId, type OrderId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { bookFills } from '../ledger/book-fills.ts';
import type { LockedBook } from '../ledger/lock-book.ts';
import type { Order } from '../ledger/order-store.ts';
import { checkFill } from './check-fill.ts';

/** An execution to book. */
export interface FillRequest {
  order_id: OrderId;
  /** Generated if omitted, so that the execution counts as a new one. */
  broker_fill_id: string | undefined;
  quantity: number;
  /** Rupees per share. */
  price: number;
  /** Now if omitted. */
  executed_at: Instant | undefined;
  allowOverfill: boolean;
}

/**
 * Books an execution; one that is already booked changes nothing. Returns the order with the fill's id, position and
 * credit. Throws ORDER_NOT_FOUND and the errors of `bookFills` and `checkFill`.
 */
export async function fillOrder(ctx: Context, request: FillRequest) {
  const { order_id, quantity, price, allowOverfill } = request;
  const booked_at = await checkFill(ctx, request);
  const fill = {
    order_id,
    broker_fill_id: request.broker_fill_id ?? mintId('fil', new Date(booked_at)),
    quantity,
    price,
    executed_at: request.executed_at ?? booked_at,
    booked_at,
  };
  let known = false;
  let takenOver: string[] = [];
  const result = await ctx.change(async (trx) => {
    known = false;
    const { fills, book } = await bookFills(trx, [fill], { allowOverfill });
    takenOver = describeTakenOver(fills, book);
    // bookFills throws if the order is unknown.
    const order = book.orders.get(order_id) as Order;
    const booked = fills.find(({ adopted }) => adopted === undefined);
    if (!booked) {
      known = true;
      return unchanged({ ...order, ...(await findBooked(trx, fill)) });
    }
    const { fill_id, position_id, realized_pnl } = booked;
    return changed({ ...order, fill_id, position_id, realized_pnl }, auditTarget('order', order_id), {
      fill: booked,
      after: order,
      ...(takenOver.length > 0 && { taken_over: takenOver }),
    });
  });
  for (const line of takenOver) await ctx.io.say(line);
  if (known) await ctx.io.say(`The fill ${fill.broker_fill_id} is already booked; nothing changed.`);
  return result;
}

/** The fill of an order that is booked under a broker's id. */
function findBooked({ db }: Trx, { order_id, broker_fill_id }: Pick<Fill, 'order_id' | 'broker_fill_id'>) {
  return db
    .selectFrom('order_fills')
    .select(['fill_id', 'position_id', 'realized_pnl'])
    .where('order_id', '=', order_id)
    .where('broker_fill_id', '=', broker_fill_id)
    .executeTakeFirstOrThrow();
}

/** What was taken over from other programs before the fill, as sentences. */
function describeTakenOver(fills: readonly BookedFill[], { opened }: LockedBook): string[] {
  const executions = fills
    .filter(({ adopted }) => adopted !== undefined)
    .map(
      ({ order_id, quantity, price }) =>
        `Another program filled ${quantity} of order ${order_id} at ${price}, which no position had: they were booked first.`,
    );
  const balances = opened.map(
    ({ position_id, quantity, realized_pnl }) =>
      `Position ${position_id} held ${quantity} shares and ${realized_pnl} rupees realized that are not booked here: they were taken over as its opening balance.`,
  );
  return [...executions, ...balances];
}
