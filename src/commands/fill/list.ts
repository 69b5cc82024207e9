import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, several, time } from '../../cli/flags.ts';
import { pageFlags } from '../../cli/pagination.ts';
import { type Sorts, sortFlags } from '../../cli/sorting.ts';
import type { Context } from '../../context.ts';
import { orderId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { sortedPage } from '../_shared/sorted-page.ts';

const SORTS = {
  booked: { columns: ['f.seq'], first: 'number' },
  executed_at: { columns: ['f.executed_at', 'f.seq'], first: 'time' },
} as const satisfies Sorts;

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 2,
  args: {},
  flags: {
    user: optional(several(parsed(userId, 'USER', 'executions of this user'))),
    symbol: optional(several(parsed(tradingSymbol, 'SYMBOL', 'executions in this symbol'))),
    order: optional(several(parsed(orderId, 'ORDER', 'executions of this order'))),
    since: optional(time('executed at this time or later')),
    until: optional(time('executed before this time')),
    ...sortFlags(SORTS),
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
    const { user, symbol, order } = input;
    const since = input.since === undefined ? undefined : await ctx.instant('--since', input.since);
    const until = input.until === undefined ? undefined : await ctx.instant('--until', input.until);
    const { matchingFills } = await import('../../trading/orders/list-fills.ts');
    return sortedPage(ctx, input, {
      sorts: SORTS,
      selections: [matchingFills(await ctx.db(), { user, symbol, order, since, until })],
      named: { user, order },
      complete: async (fills) => fills,
    });
  },
});
