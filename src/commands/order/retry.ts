import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { changeOrder, lockOrder } from '../../trading/orders/store.ts';
import { tradingDayOf } from '../../trading/risk/trading-day.ts';
import { orderFields } from './fields.ts';

export const retry = defineCommand({
  effect: 'write',
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: {},
  fields: { ...orderFields, retry_count: { type: 'integer' } },
  examples: ['order retry ord_01'],
  details: `A REJECTED order is PENDING again, with its terms unchanged and retry_count one higher: the order manager sends it
anew. It must pass what a new order must pass, but does not count as one more order of the day.`,
  async run({ order }, ctx: Context) {
    const [{ requireTransition }, { checkPreTrade }] = await Promise.all([
      import('../../trading/ledger/refusals.ts'),
      import('../../trading/risk/pre-trade.ts'),
    ]);
    const now = ctx.now();
    const clock = await tradingDayOf(now, ctx);
    return ctx.change(async (trx) => {
      const before = await lockOrder(trx, order);
      requireTransition(before, 'PENDING');
      await checkPreTrade(trx, before, clock, { replacing: order });
      return changeOrder(trx, before, {
        status: 'PENDING',
        retry_count: before.retry_count + 1,
        broker_order_id: '',
        error_message: '',
        updated_at: instant(now),
      });
    });
  },
});
