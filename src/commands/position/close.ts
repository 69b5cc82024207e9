import { defineCommand } from '../../cli/command.ts';
import { decimal, optional, parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { mintId, orderId, positionId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { findClosing, findPosition, lockPosition } from '../../trading/positions/store.ts';
import { tradingDayOf } from '../../trading/risk/trading-day.ts';
import { refused, usage } from '../../util/failure.ts';
import { positionFields } from './fields.ts';

export const close = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { position: parsed(positionId, 'POSITION', 'the position') },
  flags: {
    price: optional(
      decimal('PRICE', 'rupees a share at which it was closed; without it the order waits', 0.01, 1e9),
    ),
    orderId: optional(parsed(orderId, 'ID', 'the id of the order; one is made up when it is left out')),
    brokerFillId: optional(text('ID', "the broker's id of the execution", 100)),
  },
  fields: {
    ...positionFields,
    closing_order_id: { type: 'text' },
    closing_status: { type: 'text' },
    credited: { type: 'money' },
  },
  examples: ['position close pos_01', 'position close pos_01 --price 4012.50'],
  details: `Places the opposite MARKET order for all of it, and with --price books its fill at once. A halt lets it pass, because it
only reduces.`,
  async run({ position: id, price, orderId, brokerFillId }, ctx: Context) {
    if (brokerFillId !== undefined && price === undefined) throw usage('--broker-fill-id needs --price.');
    const [{ checkPreTrade }, { placeOrder }, { bookFills }] = await Promise.all([
      import('../../trading/risk/pre-trade.ts'),
      import('../../trading/ledger/place-orders.ts'),
      import('../../trading/ledger/book-fills.ts'),
    ]);
    const now = ctx.now();
    const clock = await tradingDayOf(now, ctx);
    return ctx.change(async (trx) => {
      const before = await lockPosition(trx, id);
      if (before.status === 'CLOSED')
        throw refused('POSITION_CLOSED', `Position ${id} was closed at ${before.closed_at}.`);
      const side = before.side === 'LONG' ? 'SELL' : 'BUY';
      const closing = await findClosing(trx.db, before, side);
      if (closing)
        throw refused(
          'ALREADY_CLOSING',
          `Order ${closing.order_id} is working to ${side} ${before.symbol} already; a second one could turn the position around.`,
          `Fill it, or cancel it first: pinnacle order cancel ${closing.order_id}`,
        );
      const { user_id, strategy_id, symbol, quantity } = before;
      const order = {
        order_id: orderId ?? mintId('ord', now),
        user_id,
        strategy_id,
        symbol,
        side,
        order_type: 'MARKET',
        quantity,
        price: price ?? before.current_price,
        created_at: instant(now),
      } as const;
      await checkPreTrade(trx, order, clock);
      await placeOrder(trx, order);
      const at = order.created_at;
      const { fills } =
        price === undefined
          ? { fills: [] }
          : await bookFills(trx, [
              {
                order_id: order.order_id,
                broker_fill_id: brokerFillId ?? mintId('fil', now),
                quantity,
                price,
                executed_at: at,
                booked_at: at,
              },
            ]);
      const result = {
        ...(await findPosition(trx.db, id)),
        closing_order_id: order.order_id,
        closing_status: price === undefined ? 'PENDING' : 'FILLED',
        credited: fills[0]?.realized_pnl ?? '0.00',
      };
      return { result, audit: { target: `order ${order.order_id}`, body: { position: id, order, fills } } };
    });
  },
});
