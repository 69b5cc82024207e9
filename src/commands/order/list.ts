import { defineCommand } from '../../cli/command.ts';
import { page, pageFlags, timeKeyset } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { orderWithTerms } from './fields.ts';
import { orderFilter, printedTerms, selectOrders, withTerms } from './filter.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 1,
  args: {},
  flags: {
    ...orderFilter,
    ...pageFlags,
  },
  fields: orderWithTerms,
  madeBy: 'order place',
  examples: [
    'order list --user trader_001 --status PENDING',
    'order list --since today --json order_id,status',
    'order list --all --csv',
  ],
  async run(input, ctx: Context) {
    const chosen = await withTerms(await selectOrders(input, ctx), printedTerms(ctx.globals), ctx);
    return page(
      input,
      ctx.io,
      (limit, after) => {
        let orders = chosen;
        if (after)
          orders = orders.where((eb) =>
            eb(eb.refTuple('created_at', 'order_id'), '<', eb.tuple(...timeKeyset<OrderId>(after))),
          );
        return orders.orderBy('created_at', 'desc').orderBy('order_id', 'desc').limit(limit).execute();
      },
      (order) => [order.created_at, order.order_id],
      async () => requireNamed(await ctx.db(), input),
    );
  },
});
