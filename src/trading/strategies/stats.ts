import { type Kysely, sql } from 'kysely';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/** One strategy or all, of one user or of all. */
export interface Scope {
  strategy: StrategyId | undefined;
  user: UserId | undefined;
}

/** A strategy in numbers; money in rupees and paisa, success_rate in percent, null without orders. */
export interface Stats {
  strategy_id: StrategyId;
  user_id: UserId | null;
  active: number;
  paused: number;
  stopped: number;
  allocation: string;
  orders: number;
  filled_orders: number;
  success_rate: number | null;
  realized_pnl: Rupees;
  unrealized_pnl: Rupees;
  open_positions: number;
}

/** The statistics of strategies from the book, in one statement; for a user, only of those activated or traded. */
export async function readStats(db: Kysely<Database>, { strategy, user }: Scope): Promise<Stats[]> {
  const within = sql`strategy_id IS NOT NULL
    ${strategy === undefined ? sql`` : sql`AND strategy_id = ${strategy}`}
    ${user === undefined ? sql`` : sql`AND user_id = ${user}`}`;
  const { rows } = await sql<Stats>`
    WITH uses AS (
      SELECT strategy_id, count(*) FILTER (WHERE status = 'ACTIVE') AS active,
        count(*) FILTER (WHERE status = 'PAUSED') AS paused, count(*) FILTER (WHERE status = 'STOPPED') AS stopped,
        sum(round(allocation_amount::numeric, 2)) FILTER (WHERE status <> 'STOPPED') AS allocation
      FROM user_strategies WHERE ${within} GROUP BY strategy_id
    ), placed AS (
      SELECT strategy_id, count(*) AS orders, count(*) FILTER (WHERE status = 'FILLED') AS filled
      FROM orders WHERE ${within} GROUP BY strategy_id
    ), fills AS (
      SELECT o.strategy_id, sum(f.realized_pnl) AS realized
      FROM order_fills f JOIN (SELECT order_id, strategy_id FROM orders WHERE ${within}) o ON o.order_id = f.order_id
      GROUP BY o.strategy_id
    ), held AS (
      SELECT strategy_id, count(*) AS positions, sum(round(unrealized_pnl::numeric, 2)) AS unrealized
      FROM positions WHERE status = 'OPEN' AND ${within} GROUP BY strategy_id
    )
    SELECT strategy_id, ${user ?? null}::text AS user_id, coalesce(active, 0)::int AS active,
      coalesce(paused, 0)::int AS paused, coalesce(stopped, 0)::int AS stopped,
      coalesce(allocation, 0.00)::text AS allocation, coalesce(orders, 0)::int AS orders,
      coalesce(filled, 0)::int AS filled_orders, round(filled * 100.0 / orders, 2)::float8 AS success_rate,
      coalesce(realized, 0.00)::text AS realized_pnl, coalesce(unrealized, 0.00)::text AS unrealized_pnl,
      coalesce(positions, 0)::int AS open_positions
    FROM strategies s LEFT JOIN uses USING (strategy_id) LEFT JOIN placed USING (strategy_id)
      LEFT JOIN fills USING (strategy_id) LEFT JOIN held USING (strategy_id)
    WHERE ${strategy === undefined ? sql`true` : sql`strategy_id = ${strategy}`}
      ${user === undefined ? sql`` : sql`AND (uses.strategy_id IS NOT NULL OR placed.strategy_id IS NOT NULL)`}
    ORDER BY strategy_id`.execute(db);
  return rows;
}
