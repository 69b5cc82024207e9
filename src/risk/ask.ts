import { Found } from '../cli/result.ts';
import type { Context } from '../context.ts';
import { wouldAdmit } from '../ledger/admit.ts';
import type { Clock } from '../ledger/clock.ts';
import type { NewOrder } from '../ledger/place.ts';

/** Every rule's word on an order that nobody places; what else would refuse it is said on stderr. */
export async function ask(order: NewOrder, clock: Clock, ctx: Context) {
  const { judgements, refusals } = await wouldAdmit(await ctx.db(), order, await ctx.phase(), clock);
  const rows = judgements.map((judgement) => ({ user_id: order.user_id, ...judgement, newly: false }));
  if (refusals.length === 0) {
    await ctx.io.say('The order would be placed.');
    return rows;
  }
  for (const { message } of refusals) await ctx.io.say(`The order would be refused. ${message}`);
  return new Found(rows);
}
