import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { doubtsOfFill } from '../../domain/doubts.ts';
import type { OrderSide, OrderType } from '../../domain/enums.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';

interface Execution {
  order_id: OrderId;
  broker_fill_id: string | undefined;
  quantity: number;
  /** Rupees per share. */
  price: number;
}

/**
 * Asks before an execution that is probably a mistake: worse than the limit of its order, far from the last price, or of
 * very many shares; not about one that is booked already. Returns the time by the clock of the database, which the same
 * statement reads. Throws NEEDS_ANSWER or DECLINED (exit 4).
 */
export async function checkFill(ctx: Context, fill: Execution): Promise<Instant> {
  const { rows } = await sql<{
    at: Instant;
    side: OrderSide | null;
    order_type: OrderType;
    price: number;
    quote: number | null;
    known: boolean;
  }>`
    SELECT clock_timestamp()::timestamp AS at, o.side, o.order_type, o.price,
      (SELECT p.current_price FROM positions p
        WHERE p.user_id = o.user_id AND p.symbol = o.symbol AND p.marked_at IS NOT NULL
        ORDER BY p.marked_at DESC LIMIT 1) AS quote,
      EXISTS (SELECT FROM order_fills f WHERE f.order_id = o.order_id AND f.broker_fill_id = ${fill.broker_fill_id ?? null}::text) AS known
    FROM (VALUES (1)) one LEFT JOIN orders o ON o.order_id = ${fill.order_id}`.execute(await ctx.db());
  const [row] = rows;
  if (!row) throw new Error('an outer join with one row gives one row');
  const { at, side, known, quote, ...order } = row;
  if (side === null || known) return at;
  const doubts = doubtsOfFill(fill, { side, ...order }, quote, (await ctx.config()).guard);
  if (doubts.length === 0) return at;
  await ctx.confirm(`${doubts.join('; ')}. Book it all the same?`);
  // The answer may have taken its time.
  return serverNow(await ctx.db());
}
