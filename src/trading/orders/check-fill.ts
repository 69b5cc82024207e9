import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { doubtsOfFill } from '../../domain/doubts.ts';
import type { OrderSide, OrderType } from '../../domain/enums.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { knownPrices } from '../quotes/known-prices.ts';

interface Execution {
  order_id: OrderId;
  broker_fill_id: string | undefined;
  quantity: number;
  /** Rupees per share. */
  price: number;
  executed_at: Instant | undefined;
}

interface OrderRow {
  user_id: UserId;
  symbol: TradingSymbol;
  side: OrderSide | null;
  order_type: OrderType;
  price: number;
}

/**
 * Asks before an execution that is probably a mistake: worse than the limit of its order, far from the newest price that
 * is known, or of very many shares; not about one that is booked already. Returns the time by the clock of the database.
 * Throws NEEDS_ANSWER or DECLINED (exit 4).
 */
export async function checkFill(ctx: Context, fill: Execution): Promise<Instant> {
  const { rows } = await sql<OrderRow & { now: Instant; known: boolean }>`
    SELECT clock_timestamp()::timestamp AS now, o.user_id, o.symbol, o.side, o.order_type, o.price,
      EXISTS (SELECT FROM order_fills f WHERE f.order_id = o.order_id AND f.broker_fill_id = ${fill.broker_fill_id ?? null}::text) AS known
    FROM (VALUES (1)) one LEFT JOIN orders o ON o.order_id = ${fill.order_id}`.execute(await ctx.db());
  const [row] = rows;
  if (!row) throw new Error('an outer join with one row gives one row');
  const { now, side, known, ...order } = row;
  if (side === null || known) return now;
  const { guard } = await ctx.config();
  const prices = guard.priceMove > 0 ? await knownPrices(ctx, [order.symbol], order.user_id) : undefined;
  const at = fill.executed_at ?? now;
  const doubts = doubtsOfFill({ ...fill, at }, { ...order, side }, prices?.get(order.symbol), guard);
  if (doubts.length === 0) return now;
  await ctx.confirm(`${doubts.join('; ')}. Book it all the same?`);
  // The answer may have taken its time.
  return serverNow(await ctx.db());
}
