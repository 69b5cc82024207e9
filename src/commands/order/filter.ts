import { sql } from 'kysely';
import { choice, optional, parsed, several, time, toggle, type Values } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ORDER_SIDES, ORDER_STATUSES, type OrderStatus, WORKING_STATUSES } from '../../domain/enums.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { BROKER_SINCE_STEP, hasStep } from '../../platform/postgres/schema-phase.ts';
import { ORDER_COLUMNS } from '../../trading/ledger/order-store.ts';
import { usage } from '../../util/failure.ts';

/** The flags that select orders. */
export const orderFilter = {
  user: optional(several(parsed(userId, 'USER', 'orders of this user'))),
  status: optional(several(choice(ORDER_STATUSES, 'STATUS', 'orders in this status'))),
  working: toggle(`orders that may still be filled: ${WORKING_STATUSES.join(', ')}`),
  side: optional(choice(ORDER_SIDES, 'SIDE', 'orders to buy, or to sell')),
  symbol: optional(several(parsed(tradingSymbol, 'SYMBOL', 'orders in this symbol'))),
  strategy: optional(several(parsed(strategyId, 'STRATEGY', 'orders of this strategy'))),
  since: optional(time('orders created at this time or later')),
  until: optional(time('orders created before this time')),
};

type Filter = Values<typeof orderFilter>;

/** The query for the orders that match the flags; throws a usage error for --working beside --status. */
export async function selectOrders(filter: Filter, ctx: Context) {
  const { user, side, symbol, strategy } = filter;
  const status = statusesOf(filter);
  const since = filter.since && (await ctx.instant('--since', filter.since));
  const until = filter.until && (await ctx.instant('--until', filter.until));
  let orders = (await ctx.db()).selectFrom('orders').select(ORDER_COLUMNS);
  if (user) orders = orders.where('user_id', 'in', user);
  if (status) orders = orders.where('status', 'in', status);
  if (side) orders = orders.where('side', '=', side);
  if (symbol) orders = orders.where('symbol', 'in', symbol);
  if (strategy) orders = orders.where('strategy_id', 'in', strategy);
  if (since) orders = orders.where('created_at', '>=', since);
  if (until) orders = orders.where('created_at', '<', until);
  return orders;
}

/** The same as several queries, each of which can follow an index in the order of the list. */
export async function selectOrdersApart(filter: Filter, ctx: Context) {
  const { oneEach } = await import('../../platform/postgres/sorted-rows.ts');
  const whole = { ...filter, status: statusesOf(filter), working: false };
  return Promise.all(oneEach(whole, ['user', 'strategy', 'status']).map((each) => selectOrders(each, ctx)));
}

function statusesOf({ status, working }: Filter): OrderStatus[] | undefined {
  if (working && status) throw usage('--working and --status exclude each other.');
  return working ? [...WORKING_STATUSES] : status;
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
