import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { flowRows } from './flows.ts';
import { hasCapital, ofScope, type Scope, withinDays, withinTimes } from './scope.ts';

/** The users who earned or lost anything in a scope, at most so many, who lost most first: net P&L, as figures have it. */
export async function readUsers(source: Source, scope: Scope, most: number): Promise<UserId[]> {
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM (
      SELECT o.user_id, f.realized_pnl AS earned FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      WHERE ${ofScope(scope, 'o')} AND ${withinTimes('f.executed_at', scope, source)}
      UNION ALL
      SELECT user_id, charges + dividends FROM (${flowRows(source, scope.user)}) AS flows
      WHERE ${hasCapital(scope) ? sql`charges + dividends <> 0` : sql`false`} AND ${withinDays(sql`day`, scope)}
    ) AS results
    GROUP BY user_id ORDER BY sum(earned), user_id LIMIT ${most}`.execute(source.db);
  return rows.map(({ user_id }) => user_id);
}
