import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, price, shares, text, time, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { instant, isBefore } from '../../domain/instant.ts';
import { usage } from '../../util/failure.ts';
import { answered } from './answers.ts';
import { orderFields } from './fields.ts';

export const fill = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: {
    quantity: shares('the executed shares'),
    price: price('rupees per share'),
    brokerFillId: optional(
      text('ID', "the broker's id of the execution; the same id again is the same execution", 100),
    ),
    at: optional(time('the time of execution (default: now)')),
    allowOverfill: toggle(
      'book it even if it exceeds the open quantity of the order, as the broker reported it',
    ),
  },
  fields: {
    ...orderFields,
    fill_id: { type: 'text' },
    position_id: { type: 'text' },
    realized_pnl: { type: 'money', kind: 'gain' },
  },
  answer: answered('Filled'),
  examples: [
    'order fill ord_01 --quantity 10 --price 2450.50',
    'order fill ord_01 --quantity 4 --price 2451 --broker-fill-id 182 --at 2026-01-30T09:31:02+05:30',
  ],
  details: `Asked about on a terminal, and refused elsewhere without --yes: a price worse than the limit of a LIMIT order, or more
than 20 % off the last price of the symbol, unless that is of another trading day: the newest of its quote in Redis and what
the user's positions were marked or filled at. The setting guard.priceMove changes the percentage, and guard.shares asks about large fills as well.`,
  async run(input, ctx: Context) {
    const executed_at = input.at === undefined ? undefined : await ctx.instant('--at', input.at);
    if (executed_at && isBefore(instant(ctx.now()), executed_at)) throw usage('--at is in the future.');
    const { fillOrder } = await import('../../trading/orders/fill-order.ts');
    return fillOrder(ctx, {
      order_id: input.order,
      broker_fill_id: input.brokerFillId,
      quantity: input.quantity,
      price: input.price,
      executed_at,
      allowOverfill: input.allowOverfill,
    });
  },
});
