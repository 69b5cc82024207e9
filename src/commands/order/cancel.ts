import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId, strategyId, userId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import type { CancelScope } from '../../trading/ledger/cancel-orders.ts';
import { changeOrder, findOrders, lockOrder } from '../../trading/orders/store.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { orderFields } from './fields.ts';

export const cancel = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: { order: optional(parsed(orderId, 'ORDER', 'one order')) },
  flags: {
    user: optional(parsed(userId, 'USER', 'every working order of this trader')),
    strategy: optional(parsed(strategyId, 'STRATEGY', 'every working order of this strategy')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'every working order in this symbol')),
    all: toggle('every working order there is'),
  },
  fields: orderFields,
  examples: ['order cancel ord_01', 'order cancel --user trader_001 --symbol TCS --yes'],
  details: `What is filled stays filled. Cancelling a cancelled order changes nothing and ends 0. Several flags together mean the
orders that all of them describe; describing orders needs --yes, naming one does not.`,
  async run({ order, all, user, strategy, symbol }, ctx: Context) {
    const scope = { user, strategy, symbol };
    const scoped = Object.values(scope).some((part) => part !== undefined);
    if (order === undefined) return cancelMany(scope, scoped || all, ctx);
    if (scoped || all) throw usage('Name one order or describe many, not both.');
    const { requireTransition } = await import('../../trading/ledger/refusals.ts');
    return ctx.change(async (trx) => {
      const before = await lockOrder(trx, order);
      if (before.status === 'CANCELLED') return { result: before, audit: null };
      requireTransition(before, 'CANCELLED');
      return changeOrder(trx, before, { status: 'CANCELLED', updated_at: instant(ctx.now()) });
    });
  },
});

async function cancelMany(scope: CancelScope, described: boolean, ctx: Context) {
  if (!described)
    throw usage(
      'Say what to cancel.',
      'One order by its id, or many by --user, --strategy, --symbol or --all.',
    );
  const { cancelWorking, countWorking } = await import('../../trading/ledger/cancel-orders.ts');
  const orders = await countWorking(await ctx.db(), scope);
  if (orders === 0) {
    await ctx.io.say('No working order is meant by that.');
    return [];
  }
  await ctx.agree(`This cancels ${pluralize(orders, 'working order')}${describe(scope)}.`);
  return ctx.change(async (trx) => {
    const ids = await cancelWorking(trx, scope, instant(ctx.now()));
    const body = { scope, cancelled: ids.length, orders: ids.slice(0, NAMED) };
    return {
      result: await findOrders(trx.db, ids),
      audit: ids.length > 0 ? { target: scope.user ? `user ${scope.user}` : 'orders', body } : null,
    };
  });
}

// An audit row names this many orders of a bulk; their number is whole.
const NAMED = 1_000;

function describe({ user, strategy, symbol }: CancelScope): string {
  return [
    user === undefined ? '' : ` of ${user}`,
    strategy === undefined ? '' : ` of strategy ${strategy}`,
    symbol === undefined ? '' : ` in ${symbol}`,
  ].join('');
}
