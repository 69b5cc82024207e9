import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/schema.ts';
import { drawdown } from '../ledger/session.ts';
import { SESSION_COLUMNS } from './store.ts';

/** A session by its id, or a trader's running one, else his last. */
export type Which = { session: string } | { user: string };

/**
 * A session and how it stands now, while it runs: equity in rupees, which is capital_at_start + total_pnl + the
 * unrealized P&L of the trader's open positions, and its drawdown from the peak in percent.
 */
export async function findStanding(db: Kysely<Database>, which: Which) {
  const sessions = db.selectFrom('trading_sessions').select([...SESSION_COLUMNS, EQUITY]);
  const found = await ('session' in which
    ? sessions.where('session_id', '=', which.session)
    : sessions
        .where('user_id', '=', which.user)
        .orderBy('status')
        .orderBy('start_time', 'desc')
        .orderBy('session_id', 'desc')
        .limit(1)
  ).executeTakeFirst();
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
