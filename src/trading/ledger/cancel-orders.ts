import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { WORKING_STATUSES } from '../../domain/enums.ts';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/** SQL for an order that may still be filled; written out, so that the partial indexes apply. */
export const IS_WORKING = sql`status IN (${sql.join(WORKING_STATUSES.map((status) => sql.lit(status)))})`;

/** Which working orders: all of them, or those of a user, a strategy, a symbol. */
export interface CancelScope {
  user?: UserId | undefined;
  strategy?: StrategyId | undefined;
  symbol?: TradingSymbol | undefined;
}

function scopeFilter({ user, strategy, symbol }: CancelScope) {
  return sql`${IS_WORKING}
    ${user === undefined ? sql`` : sql`AND user_id = ${user}`}
    ${strategy === undefined ? sql`` : sql`AND strategy_id = ${strategy}`}
    ${symbol === undefined ? sql`` : sql`AND symbol = ${symbol}`}`;
}

/** How many working orders there are within a scope. */
export async function countWorking(db: Kysely<Database>, scope: CancelScope): Promise<number> {
  const { rows } = await sql<{
    n: string;
  }>`SELECT count(*) AS n FROM orders WHERE ${scopeFilter(scope)}`.execute(db);
  return Number(rows[0]?.n);
}

/** The working orders within a scope, by id. */
export async function findWorking(db: Kysely<Database>, scope: CancelScope): Promise<OrderId[]> {
  const { rows } = await sql<{ order_id: OrderId }>`
    SELECT order_id FROM orders WHERE ${scopeFilter(scope)} ORDER BY order_id`.execute(db);
  return rows.map(({ order_id }) => order_id);
}

/**
 * Cancels every working order within a scope except those that SQL describes, in a fixed number of statements; their fills
 * are kept. Locks their users, then the orders. Returns the ids.
 */
export async function cancelWorking(
  trx: Trx,
  scope: CancelScope,
  at: Instant,
  except: RawBuilder<boolean> = sql`false`,
): Promise<OrderId[]> {
  await sql`
    SELECT FROM users WHERE user_id IN (SELECT user_id FROM orders WHERE ${scopeFilter(scope)})
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  const { rows } = await sql<{ order_id: OrderId }>`
    UPDATE orders SET status = 'CANCELLED', updated_at = ${at}::timestamp
    WHERE order_id IN (
      SELECT order_id FROM orders WHERE ${scopeFilter(scope)} AND NOT ${except} ORDER BY order_id FOR NO KEY UPDATE
    )
    RETURNING order_id`.execute(trx.db);
  const ids = rows.map((row) => row.order_id).sort();
  trx.touch('order', ids);
  return ids;
}
