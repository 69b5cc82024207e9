import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { TradingDay } from '../trading-day.ts';

/** How many more orders users may place today, of those who have a MAX_ORDERS_PER_DAY. Before phase 4 nobody has. */
export async function ordersLeftToday(
  trx: Trx,
  users: readonly UserId[],
  { dayStart }: TradingDay,
): Promise<Map<UserId, number>> {
  if (trx.phase < 4) return new Map();
  const { rows } = await sql<{ user_id: UserId; left: number }>`
    SELECT r.user_id, (min(r.rule_value) - (
      SELECT count(*) FROM orders o WHERE o.user_id = r.user_id AND o.created_at >= ${dayStart}::timestamp))::float8 AS left
    FROM risk_rules r WHERE r.rule_type = 'MAX_ORDERS_PER_DAY' AND r.user_id = ANY(${users})
    GROUP BY r.user_id`.execute(trx.db);
  return new Map(rows.map(({ user_id, left }) => [user_id, left]));
}
