import { defineCommand } from '../../cli/command.ts';
import { pageFlags } from '../../cli/pagination.ts';
import { type Sorts, sortFlags } from '../../cli/sorting.ts';
import type { Context } from '../../context.ts';
import { sortedPage } from '../_shared/sorted-page.ts';
import { orderWithTerms } from './fields.ts';
import { orderFilter, printedTerms, selectOrdersApart, withTerms } from './filter.ts';

const SORTS = {
  created_at: { columns: ['created_at', 'order_id'], first: 'time' },
  order_id: { columns: ['order_id'], first: 'id' },
} as const satisfies Sorts;

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 1,
  args: {},
  flags: {
    ...orderFilter,
    ...sortFlags(SORTS),
    ...pageFlags,
  },
  fields: orderWithTerms,
  madeBy: 'order place',
  examples: [
    'order list --user trader_001 --working',
    'order list --status PENDING,PLACED --side BUY',
    'order list --since today --json order_id,status',
    'order list --all --csv',
  ],
  async run(input, ctx: Context) {
    const terms = printedTerms(ctx.globals);
    const apart = await selectOrdersApart(input, ctx);
    return sortedPage(ctx, input, {
      sorts: SORTS,
      selections: await Promise.all(apart.map((orders) => withTerms(orders, terms, ctx))),
      named: { user: input.user, strategy: input.strategy },
      complete: async (orders) => orders,
    });
  },
});
