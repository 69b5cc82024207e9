import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { ProposedOrder } from '../../trading/ledger/place-orders.ts';
import { previewPreTrade } from '../../trading/risk/pre-trade.ts';
import type { TradingDay } from '../../trading/risk/trading-day.ts';

/** Every rule's word on an order that nobody places; what else would refuse it is said on stderr. */
export async function previewOrder(order: ProposedOrder, clock: TradingDay, ctx: Context) {
  const { judgements, refusals } = await previewPreTrade(await ctx.source(), order, clock);
  const rows = judgements.map((judgement) => ({ user_id: order.user_id, ...judgement, newly: false }));
  if (refusals.length === 0) {
    await ctx.io.say('The order would be placed.');
    return rows;
  }
  for (const { message } of refusals) await ctx.io.say(`The order would be refused. ${message}`);
  return new Finding(rows);
}
