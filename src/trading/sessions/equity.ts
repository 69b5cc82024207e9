import { type Kysely, sql } from 'kysely';
import { drawdown } from '../../domain/equity.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { SESSION_COLUMNS } from './store.ts';

/**
 * The session of that id, or of a trader's the running one, else the last; and how it stands while it runs: equity in
 * rupees (capital_at_start + total_pnl + the unrealized P&L of the open positions), and its drawdown from the peak in
 * percent.
 */
export async function findSessionEquity(db: Kysely<Database>, by: 'session_id' | 'user_id', id: string) {
  const found = await db
    .selectFrom('trading_sessions')
    .select([...SESSION_COLUMNS, EQUITY])
    .where(by, '=', id)
    .orderBy('status')
    .orderBy('start_time', 'desc')
    .orderBy('session_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!found) return undefined;
  const { equity, peak_equity, capital_at_start } = found;
  if (equity === null) return { ...found, drawdown: null };
  const peak = Math.max(peak_equity ?? capital_at_start, Number(equity));
  return { ...found, drawdown: drawdown(peak, Number(equity)) };
}

const EQUITY = sql<string | null>`
  CASE WHEN status = 'ACTIVE' THEN round(capital_at_start::numeric, 2) + round(total_pnl::numeric, 2) + (
    SELECT coalesce(sum(round(p.unrealized_pnl::numeric, 2)), 0)
    FROM positions p WHERE p.user_id = trading_sessions.user_id AND p.status = 'OPEN') END`.as('equity');
