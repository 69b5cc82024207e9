import { sql } from 'kysely';
import { choice, optional, parsed, time, type Values } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ORDER_STATUSES } from '../../domain/enums.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { BROKER_SINCE_STEP, hasStep } from '../../platform/postgres/schema-phase.ts';
import { ORDER_COLUMNS } from '../../trading/ledger/order-store.ts';

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

export const TERMS = ['product', 'exchange', 'trigger_price'] as const;
type Term = (typeof TERMS)[number];

/** The terms of orders that are printed: a table has none of its own accord. */
export function printedTerms({ json, columns }: Context['globals']): readonly Term[] {
  const asked = typeof json === 'string' ? json : columns;
  if (asked === undefined) return json === true ? TERMS : [];
  const names = asked.split(',').map((name) => name.trim());
  return TERMS.filter((term) => names.includes(term));
}

/** The query with what the orders name for the broker; null on a schema that lacks it. */
export async function withTerms(
  query: Awaited<ReturnType<typeof selectOrders>>,
  terms: readonly Term[],
  ctx: Context,
) {
  if (terms.length === 0) return query;
  const isThere = hasStep(await ctx.source(), BROKER_SINCE_STEP);
  return query.select((eb) =>
    terms.map((term) => (isThere ? eb.ref(term).as(term) : sql<null>`NULL`.as(term))),
  );
}
