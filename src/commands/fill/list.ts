import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, time } from '../../cli/flags.ts';
import { page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { orderId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { usage } from '../../util/failure.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 2,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'executions of this user')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'executions in this symbol')),
    order: optional(parsed(orderId, 'ORDER', 'executions of this order')),
    since: optional(time('executed at this time or later')),
    ...pageFlags,
  },
  fields: {
    fill_id: { type: 'text' },
    user_id: { type: 'text' },
    order_id: { type: 'text', minor: true },
    strategy_id: { type: 'text', hidden: true },
    symbol: { type: 'text' },
    side: { type: 'text', kind: 'state' },
    quantity: { type: 'integer' },
    price: { type: 'number', kind: 'price' },
    realized_pnl: { type: 'money', kind: 'gain' },
    overfill: { type: 'boolean', kind: 'alarm', hidden: true },
    position_id: { type: 'text', minor: true },
    flipped_to: { type: 'text', hidden: true },
    broker_fill_id: { type: 'text', minor: true },
    executed_at: { type: 'time' },
    created_at: { type: 'time', hidden: true },
  },
  madeBy: 'order fill',
  examples: ['fill list --user trader_001 --since today', 'fill list --order ord_01 --json fill_id,price'],
  async run(input, ctx: Context) {
    const { user, symbol, order, limit, all } = input;
    const since = input.since === undefined ? undefined : await ctx.instant('--since', input.since);
    const { selectFills } = await import('../../trading/orders/list-fills.ts');
    const read = selectFills(await ctx.db(), { user, symbol, order, since });
    return page(
      { limit, all, after: input.after },
      ctx.io,
      (count, after) => {
        if (after && !/^\d{1,18}$/.test(after[0] ?? '')) throw usage('--after is no cursor of this list.');
        return read(count, after?.[0]);
      },
      (row) => [row.seq],
      async () => requireNamed(await ctx.db(), input),
    );
  },
});
