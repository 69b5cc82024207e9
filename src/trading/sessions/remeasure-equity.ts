import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { drawdownOf, equityOf } from './equity.ts';

/**
 * Updates peak equity and maximum drawdown of the running sessions of these users after the marks of their positions
 * moved, in one statement. The users must be locked.
 */
export async function remeasureSessions(trx: Trx, userIds: readonly UserId[], at: Instant): Promise<void> {
  await sql`
    UPDATE trading_sessions s
    SET peak_equity = m.peak, updated_at = ${at}::timestamp,
      max_drawdown = greatest(s.max_drawdown, ${drawdownOf(sql.ref('m.peak'), sql.ref('m.equity'))})
    FROM (
      SELECT a.session_id, e.equity, greatest(coalesce(a.peak_equity, a.capital_at_start), e.equity) AS peak
      FROM trading_sessions a CROSS JOIN LATERAL (SELECT (${equityOf('a')})::float8 AS equity) e
      WHERE a.status = 'ACTIVE' AND a.user_id = ANY(${userIds})
    ) m
    WHERE s.session_id = m.session_id`.execute(trx.db);
}
