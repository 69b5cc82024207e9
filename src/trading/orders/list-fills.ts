import type { Kysely } from 'kysely';
import type { OrderId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Database } from '../../platform/postgres/tables.ts';

interface Filter {
  user: readonly UserId[] | undefined;
  symbol: readonly TradingSymbol[] | undefined;
  order: readonly OrderId[] | undefined;
  /** Executed at this time or later, and before the other, UTC. */
  since: Instant | undefined;
  until: Instant | undefined;
}

/** The query for the fills that match; `seq` is their place in the order of booking. */
export function matchingFills(db: Kysely<Database>, { user, symbol, order, since, until }: Filter) {
  let fills = db
    .selectFrom('order_fills as f')
    .innerJoin('orders as o', 'o.order_id', 'f.order_id')
    .select(['f.seq', 'f.fill_id', 'f.order_id', 'f.quantity', 'f.price', 'f.realized_pnl', 'f.overfill'])
    .select(['f.position_id', 'f.flipped_to', 'f.broker_fill_id', 'f.executed_at', 'f.created_at'])
    .select(['o.user_id', 'o.strategy_id', 'o.symbol', 'o.side']);
  if (user) fills = fills.where('o.user_id', 'in', user);
  if (symbol) fills = fills.where('o.symbol', 'in', symbol);
  if (order) fills = fills.where('f.order_id', 'in', order);
  if (since) fills = fills.where('f.executed_at', '>=', since);
  if (until) fills = fills.where('f.executed_at', '<', until);
  return fills;
}
