import { choice, optional, parsed, time, type Values } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ORDER_STATUSES } from '../../domain/enums.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { ORDER_COLUMNS } from '../../trading/ledger/order-store.ts';
import { textOfStep } from '../../trading/rows-of.ts';

/** The flags that select orders. */
export const orderFilter = {
  user: optional(parsed(userId, 'USER', 'orders of this user')),
  status: optional(choice(ORDER_STATUSES, 'STATUS', 'orders in this status')),
  symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'orders in this symbol')),
  strategy: optional(parsed(strategyId, 'STRATEGY', 'orders of this strategy')),
  since: optional(time('orders created at this time or later')),
  until: optional(time('orders created before this time')),
};

/** The query for the orders that match the flags. */
export async function selectOrders(filter: Values<typeof orderFilter>, ctx: Context) {
  const { user, status, symbol, strategy } = filter;
  const since = filter.since && (await ctx.instant('--since', filter.since));
  const until = filter.until && (await ctx.instant('--until', filter.until));
  let orders = (await ctx.db()).selectFrom('orders').select(ORDER_COLUMNS);
  if (user) orders = orders.where('user_id', '=', user);
  if (status) orders = orders.where('status', '=', status);
  if (symbol) orders = orders.where('symbol', '=', symbol);
  if (strategy) orders = orders.where('strategy_id', '=', strategy);
  if (since) orders = orders.where('created_at', '>=', since);
  if (until) orders = orders.where('created_at', '<', until);
  return orders;
}

const TERMS = ['product', 'exchange', 'trigger_price'] as const;

/**
 * The query with what the orders name for the broker, where such columns are printed; null on a schema that lacks them,
 * which need not be asked for.
 */
export function withTerms(
  query: Awaited<ReturnType<typeof selectOrders>>,
  { globals: { json, columns } }: Pick<Context, 'globals'>,
) {
  const asked = typeof json === 'string' ? json : columns;
  const isPrinted = (term: string) =>
    asked === undefined ? json === true : asked.split(',').some((name) => name.trim() === term);
  const printed = TERMS.filter(isPrinted);
  return query.select((eb) =>
    printed.map((term) => {
      const text = textOfStep(eb, 'orders', term as 'product');
      return term === 'trigger_price'
        ? eb.cast<number | null>(text, 'double precision').as(term)
        : text.as(term);
    }),
  );
}
