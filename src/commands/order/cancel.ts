import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { orderId, strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import type { CancelScope } from '../../trading/ledger/cancel-orders.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { answered } from './answers.ts';
import { asksBroker, cancelAtBroker, sendableFields } from './asked.ts';

export const cancel = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: { order: optional(parsed(orderId, 'ORDER', 'one order')) },
  flags: {
    user: optional(parsed(userId, 'USER', 'every working order of this user')),
    strategy: optional(parsed(strategyId, 'STRATEGY', 'every working order of this strategy')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'every working order in this symbol')),
    all: toggle('every working order'),
    send: toggle('ask the broker; an order is CANCELLED once broker sync brings its answer'),
  },
  fields: sendableFields,
  answer: answered('Cancelled'),
  examples: ['order cancel ord_01', 'order cancel --user trader_001 --symbol TCS --yes'],
  details: `Fills are kept. Cancelling a cancelled order changes nothing and ends 0. Several flags select the orders that match all
of them. A selection by flags needs --yes; a single order does not.`,
  async run({ order, all, user, strategy, symbol, send }, ctx: Context) {
    const scope = { user, strategy, symbol };
    const scoped = all || Object.values(scope).some((part) => part !== undefined);
    if (order !== undefined && scoped) throw usage('Name one order or describe many, not both.');
    if (order === undefined && !scoped)
      throw usage(
        'Say what to cancel.',
        'One order by its id, or many by --user, --strategy, --symbol or --all.',
      );
    const { cancelOrder, cancelOrders, findCancellable } = await import(
      '../../trading/orders/cancel-order.ts'
    );
    const asks = asksBroker(ctx, send);
    if (order !== undefined) return asks ? cancelAtBroker(ctx, [order]) : cancelOrder(ctx, order);
    const orders = await findCancellable(ctx, scope);
    if (orders.length === 0) {
      await ctx.io.say('No working orders match.');
      return [];
    }
    await ctx.confirm(`This cancels ${pluralize(orders.length, 'working order')}${describe(scope)}.`);
    return asks ? cancelAtBroker(ctx, orders) : cancelOrders(ctx, scope);
  },
});

function describe({ user, strategy, symbol }: CancelScope): string {
  return [
    user === undefined ? '' : ` of ${user}`,
    strategy === undefined ? '' : ` of strategy ${strategy}`,
    symbol === undefined ? '' : ` in ${symbol}`,
  ].join('');
}
