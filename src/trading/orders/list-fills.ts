import type { Kysely } from 'kysely';
import type { OrderId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Database } from '../../platform/postgres/tables.ts';

interface Filter {
  user: UserId | undefined;
  symbol: TradingSymbol | undefined;
  order: OrderId | undefined;
  /** Executed at this time or later, UTC. */
  since: Instant | undefined;
}

/** A reader of up to `limit` fills that match, latest booked first; those booked before the one with the number `before`. */
export function selectFills(db: Kysely<Database>, { user, symbol, order, since }: Filter) {
  let fills = db
    .selectFrom('order_fills as f')
    .innerJoin('orders as o', 'o.order_id', 'f.order_id')
    .select(['f.seq', 'f.fill_id', 'f.order_id', 'f.quantity', 'f.price', 'f.realized_pnl', 'f.overfill'])
    .select(['f.position_id', 'f.flipped_to', 'f.broker_fill_id', 'f.executed_at', 'f.created_at'])
    .select(['o.user_id', 'o.strategy_id', 'o.symbol', 'o.side']);
  if (user) fills = fills.where('o.user_id', '=', user);
  if (symbol) fills = fills.where('o.symbol', '=', symbol);
  if (order) fills = fills.where('f.order_id', '=', order);
  if (since) fills = fills.where('f.executed_at', '>=', since);
  return (limit: number, before: string | undefined) => {
    const chosen = before === undefined ? fills : fills.where('f.seq', '<', before);
    return chosen.orderBy('f.seq', 'desc').limit(limit).execute();
  };
}
