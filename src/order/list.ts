import { defineCommand } from '../cli/command.ts';
import { choice, identifier, optional, parsed, time } from '../cli/flags.ts';
import { page, pageFlags } from '../cli/page.ts';
import type { Context } from '../context.ts';
import { ORDER_STATUSES } from '../db/schema.ts';
import { orderFields } from './columns.ts';
import { ORDER_COLUMNS } from './store.ts';
import { tradingSymbol } from './symbol.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 1,
  args: {},
  flags: {
    user: optional(identifier('USER', 'orders of this trader')),
    status: optional(choice(ORDER_STATUSES, 'STATUS', 'orders in this status')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'orders in this symbol')),
    strategy: optional(identifier('STRATEGY', 'orders of this strategy')),
    since: optional(time('orders created at this time or later')),
    until: optional(time('orders created before this time')),
    ...pageFlags,
  },
  fields: orderFields,
  examples: [
    'order list --user trader_001 --status PENDING',
    'order list --since today --json order_id,status',
    'order list --all --csv',
  ],
  async run(input, ctx: Context) {
    const { user, status, symbol, strategy } = input;
    const since = input.since && (await ctx.instant('--since', input.since));
    const until = input.until && (await ctx.instant('--until', input.until));
    const db = await ctx.db();
    return page(
      input,
      ctx.io,
      (limit, after) => {
        let orders = db.selectFrom('orders').select(ORDER_COLUMNS);
        if (user) orders = orders.where('user_id', '=', user);
        if (status) orders = orders.where('status', '=', status);
        if (symbol) orders = orders.where('symbol', '=', symbol);
        if (strategy) orders = orders.where('strategy_id', '=', strategy);
        if (since) orders = orders.where('created_at', '>=', since);
        if (until) orders = orders.where('created_at', '<', until);
        if (after)
          orders = orders.where((eb) =>
            eb(eb.refTuple('created_at', 'order_id'), '<', eb.tuple(after[0] ?? '', after[1] ?? '')),
          );
        return orders.orderBy('created_at', 'desc').orderBy('order_id', 'desc').limit(limit).execute();
      },
      (order) => [order.created_at, order.order_id],
    );
  },
});
