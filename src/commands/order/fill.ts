import { defineCommand } from '../../cli/command.ts';
import { decimal, integer, optional, parsed, text, time, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { mintId, orderId, type PositionId } from '../../domain/id.ts';
import { instant, isBefore } from '../../domain/instant.ts';
import { findOrder } from '../../trading/orders/store.ts';
import { usage } from '../../util/failure.ts';
import { orderFields } from './fields.ts';

export const fill = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: {
    quantity: integer('SHARES', 'how many shares were executed'),
    price: decimal('PRICE', 'rupees a share', 0.01, 1e9),
    brokerFillId: optional(
      text('ID', "the broker's id of the execution; the same id again is the same execution", 100),
    ),
    at: optional(time('when it was executed; now when left out')),
    allowOverfill: toggle('book it even if it is more than the order has left, because the broker says so'),
  },
  fields: {
    ...orderFields,
    fill_id: { type: 'text' },
    position_id: { type: 'text' },
    realized_pnl: { type: 'money' },
  },
  examples: [
    'order fill ord_01 --quantity 10 --price 2450.50',
    'order fill ord_01 --quantity 4 --price 2451 --broker-fill-id 182 --at 2026-01-30T09:31:02+05:30',
  ],
  async run(input, ctx: Context) {
    const { bookFills } = await import('../../trading/ledger/book-fills.ts');
    const now = ctx.now();
    const at = input.at === undefined ? instant(now) : await ctx.instant('--at', input.at);
    if (isBefore(instant(now), at)) throw usage('--at is in the future.');
    return ctx.change(async (trx) => {
      const before = await findOrder(trx.db, input.order);
      if (input.at !== undefined && isBefore(at, before.created_at))
        throw usage(`--at is before the order was placed (${before.created_at}).`);
      const { fills } = await bookFills(
        trx,
        [
          {
            order_id: input.order,
            broker_fill_id: input.brokerFillId ?? mintId('fil', now),
            quantity: input.quantity,
            price: input.price,
            executed_at: at,
            booked_at: instant(now),
          },
        ],
        { allowOverfill: input.allowOverfill },
      );
      const after = await findOrder(trx.db, input.order);
      const [booked] = fills;
      if (!booked) return { result: { ...after, ...UNTOUCHED }, audit: null };
      const { fill_id, position_id, realized_pnl } = booked;
      return {
        result: { ...after, fill_id, position_id, realized_pnl },
        audit: { target: `order ${input.order}`, body: { fill: booked, after } },
      };
    });
  },
});

/** An execution that was booked before moves nothing a second time. */
const UNTOUCHED: { fill_id: string | null; position_id: PositionId | null; realized_pnl: string } = {
  fill_id: null,
  position_id: null,
  realized_pnl: '0.00',
};
