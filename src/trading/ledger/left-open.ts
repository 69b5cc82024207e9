import { type Kysely, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { IS_WORKING } from './cancel-orders.ts';

/** What a user has left open: positions, their unrealized P&L in rupees, and orders that may still be filled. */
export interface LeftOpen {
  open_positions: number;
  unrealized_pnl: Rupees;
  working_orders: number;
}

/** What users have left open, in one statement for all of them; needs phase 2. */
export async function readLeftOpen(
  db: Kysely<Database>,
  users: readonly UserId[],
): Promise<ReadonlyMap<UserId, LeftOpen>> {
  const { rows } = await sql<LeftOpen & { user_id: UserId }>`
    SELECT u.user_id, coalesce(p.positions, 0)::int AS open_positions, coalesce(p.unrealized, 0.00)::text AS unrealized_pnl,
      coalesce(o.orders, 0)::int AS working_orders
    FROM users u
      LEFT JOIN (
        SELECT user_id, count(*) AS positions, sum(round(unrealized_pnl::numeric, 2)) AS unrealized
        FROM positions WHERE status = 'OPEN' AND user_id = ANY(${users}) GROUP BY user_id
      ) p ON p.user_id = u.user_id
      LEFT JOIN (
        SELECT user_id, count(*) AS orders FROM orders WHERE ${IS_WORKING} AND user_id = ANY(${users}) GROUP BY user_id
      ) o ON o.user_id = u.user_id
    WHERE u.user_id = ANY(${users})`.execute(db);
  return new Map(rows.map(({ user_id, ...left }) => [user_id, left]));
}
