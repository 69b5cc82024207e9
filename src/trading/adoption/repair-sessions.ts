import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { recordRepair } from './repairs.ts';

/** The newest ACTIVE session of a user goes on; an older one, or one with an end, has ended. */
const ENDED = sql`(t.status = 'COMPLETED' OR t.end_time IS NOT NULL OR EXISTS (
  SELECT FROM trading_sessions n WHERE n.user_id = t.user_id AND n.status = 'ACTIVE' AND n.end_time IS NULL
    AND (n.start_time, n.session_id) > (t.start_time, t.session_id)))`;
const END = sql`CASE WHEN ${ENDED} THEN coalesce(t.end_time, greatest(t.updated_at, t.start_time)) END`;
const CAPITAL = sql`CASE WHEN ${ENDED} THEN coalesce(t.capital_at_end, t.capital_at_start + t.total_pnl) END`;
const STATUS = sql`CASE WHEN ${ENDED} THEN 'COMPLETED' ELSE 'ACTIVE' END`;
// NULL means the capital that it started with.
const PEAK = sql`CASE WHEN t.peak_equity IS NOT NULL THEN greatest(t.peak_equity, t.capital_at_start) END`;

/**
 * Puts right what contradicts itself in the sessions of a user: one is ACTIVE, an ended one has an end and a capital at it,
 * no peak is below the start, nothing is counted below zero. Returns how many were changed.
 */
export function repairSessions(trx: Trx, user: UserId, runId: string): Promise<number> {
  const rows = sql`t.user_id = ${user} AND (
    (t.status::text, t.end_time, t.capital_at_end, t.peak_equity) IS DISTINCT FROM (${STATUS}, ${END}, ${CAPITAL}, ${PEAK})
    OR t.total_orders < 0 OR t.max_drawdown < 0)`;
  return recordRepair(trx, { table: 'trading_sessions', user, runId, rows }, async () => {
    await sql`
      UPDATE trading_sessions t SET status = (${STATUS})::session_status, end_time = ${END}, capital_at_end = ${CAPITAL},
        peak_equity = ${PEAK}, total_orders = greatest(t.total_orders, 0), max_drawdown = greatest(t.max_drawdown, 0)
      WHERE ${rows}`.execute(trx.db);
  });
}
