import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';

/** What a user has: rupees, and the signed shares of each symbol and strategy as JSON. */
export interface Sums {
  capital: Rupees;
  realized: Rupees;
  unrealized: Rupees;
  shares: string;
}

/** The sums that an adoption must not move. */
export async function readSums(trx: Trx, user: UserId): Promise<Sums> {
  const { rows } = await sql<Sums>`
    SELECT u.total_capital AS capital,
      coalesce((SELECT sum(round(realized_pnl::numeric, 2)) FROM positions p WHERE p.user_id = u.user_id), 0)::numeric(20, 2)
        AS realized,
      coalesce((SELECT sum(round(unrealized_pnl::numeric, 2)) FROM positions p
        WHERE p.user_id = u.user_id AND p.status = 'OPEN'), 0)::numeric(20, 2) AS unrealized,
      coalesce((
        SELECT jsonb_object_agg(key, shares) FROM (
          SELECT concat_ws('/', symbol, strategy_id) AS key,
            sum(CASE side WHEN 'LONG' THEN quantity ELSE -abs(quantity) END) AS shares
          FROM positions p WHERE p.user_id = u.user_id AND p.status = 'OPEN' GROUP BY 1
        ) AS held WHERE shares <> 0), '{}')::text AS shares
    FROM users u WHERE u.user_id = ${user}`.execute(trx.db);
  return rows[0] as Sums;
}
