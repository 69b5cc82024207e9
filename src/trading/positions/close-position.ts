import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type OrderId, type PositionId } from '../../domain/id.ts';
import { NO_RUPEES } from '../../domain/money.ts';
import { signedShares } from '../../domain/net-positions.ts';
import { refused } from '../../util/failure.ts';
import { checkExchange, marketFactsOf } from '../instruments/check-order.ts';
import { bookFills, fillOfAll } from '../ledger/book-fills.ts';
import { insertOrder } from '../ledger/insert-orders.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { tradingDayOf, tradingDayWith } from '../trading-day.ts';
import { findClosing, findPosition, lockPosition } from './store.ts';

/**
 * Places the opposite MARKET order for all of a position; with `price`, in rupees per share, its fill is booked at once.
 * Throws POSITION_CLOSED, ALREADY_CLOSING and what the pre-trade check refuses; without a price also what the exchange would
 * refuse, where order.checks says so.
 */
export async function closePosition(
  ctx: Context,
  id: PositionId,
  {
    price,
    orderId,
    brokerFillId,
  }: { price?: number | undefined; orderId?: OrderId | undefined; brokerFillId?: string | undefined },
) {
  const clock = price === undefined ? await checkedClose(ctx, id) : await tradingDayOf(ctx);
  const now = new Date(clock.now);
  return ctx.change(async (trx) => {
    const before = await lockPosition(trx, id);
    if (before.status === 'CLOSED')
      throw refused('POSITION_CLOSED', `Position ${id} was closed at ${before.closed_at}.`);
    // Another program may have written the shares of a short position with a sign.
    const held = signedShares(before);
    const side = held > 0 ? 'SELL' : 'BUY';
    const closing = await findClosing(trx.db, before, side);
    if (closing)
      throw refused(
        'ALREADY_CLOSING',
        `Order ${closing.order_id} is working to ${side} ${before.symbol} already; a second one could turn the position around.`,
        `Fill it, or cancel it first: pinnacle order cancel ${closing.order_id}`,
      );
    const { user_id, strategy_id, symbol, product } = before;
    const order = {
      order_id: orderId ?? mintId('ord', now),
      user_id,
      strategy_id,
      symbol,
      product,
      side,
      order_type: 'MARKET',
      quantity: Math.abs(held),
      price: price ?? before.current_price,
      created_at: clock.now,
    } as const;
    await checkPreTrade(trx, order, clock);
    await insertOrder(trx, order);
    const { fills } =
      price === undefined
        ? { fills: [] }
        : await bookFills(trx, [fillOfAll(order, brokerFillId ?? mintId('fil', now))]);
    const result = {
      ...(await findPosition(trx.db, id)),
      closing_order_id: order.order_id,
      closing_status: price === undefined ? 'PENDING' : 'FILLED',
      credited: fills[0]?.realized_pnl ?? NO_RUPEES,
    };
    return changed(result, auditTarget('order', order.order_id), { position: id, order, fills });
  });
}

/** The clock; says what the exchange would refuse of an order for all of a position. */
async function checkedClose(ctx: Context, id: PositionId) {
  const position = await findPosition(await ctx.db(), id);
  const { clock, value } = await tradingDayWith(
    ctx,
    await marketFactsOf(ctx, {
      symbol: position.symbol,
      // Where it was opened is where it is closed.
      order_id: position.order_id ?? undefined,
    }),
  );
  const quantity = Math.abs(position.quantity);
  if (position.status === 'OPEN')
    await checkExchange(
      ctx,
      value,
      { order_type: 'MARKET', quantity, price: 0, trigger_price: null },
      clock.now,
    );
  return clock;
}
