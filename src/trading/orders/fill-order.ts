import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type OrderId, type PositionId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { bookFills } from '../ledger/book-fills.ts';
import type { Order } from '../ledger/order-store.ts';

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
 * credit. Throws ORDER_NOT_FOUND and the errors of `bookFills`.
 */
export async function fillOrder(ctx: Context, request: FillRequest) {
  const { order_id, quantity, price, allowOverfill } = request;
  const booked_at = await serverNow(await ctx.db());
  const fill = {
    order_id,
    broker_fill_id: request.broker_fill_id ?? mintId('fil', new Date(booked_at)),
    quantity,
    price,
    executed_at: request.executed_at ?? booked_at,
    booked_at,
  };
  return ctx.change(async (trx) => {
    const { fills, book } = await bookFills(trx, [fill], { allowOverfill });
    // bookFills throws if the order is unknown.
    const order = book.orders.get(order_id) as Order;
    const [booked] = fills;
    if (!booked) return unchanged({ ...order, ...NOT_BOOKED });
    const { fill_id, position_id, realized_pnl } = booked;
    return changed({ ...order, fill_id, position_id, realized_pnl }, auditTarget('order', order_id), {
      fill: booked,
      after: order,
    });
  });
}

const NOT_BOOKED: { fill_id: string | null; position_id: PositionId | null; realized_pnl: Rupees } = {
  fill_id: null,
  position_id: null,
  realized_pnl: NO_RUPEES,
};
