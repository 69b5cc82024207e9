import { type Kysely, type RawBuilder, sql } from 'kysely';
import { drawdown } from '../../domain/equity.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { SESSION_COLUMNS } from './store.ts';

/**
 * SQL for the equity of the session row `s`, numeric rupees to the paisa: capital_at_start + total_pnl + the unrealized
 * P&L of the user's open positions.
 */
export function equityOf(s: string): RawBuilder<string> {
  const column = (name: string) => sql.ref(`${s}.${name}`);
  return sql`round(${column('capital_at_start')}::numeric, 2) + round(${column('total_pnl')}::numeric, 2) + (
    SELECT coalesce(sum(round(p.unrealized_pnl::numeric, 2)), 0)
    FROM positions p WHERE p.user_id = ${column('user_id')} AND p.status = 'OPEN')`;
}

/** SQL of `drawdown` in domain/equity.ts. */
export function drawdownOf(peak: RawBuilder<unknown>, equity: RawBuilder<unknown>): RawBuilder<number> {
  const paisa = (rupees: RawBuilder<unknown>) => sql`round(${rupees} * 100)`;
  return sql`CASE WHEN ${paisa(peak)} > 0 THEN (${paisa(peak)} - ${paisa(equity)}) * 100 / ${paisa(peak)} ELSE 0 END`;
}

/**
 * The session of that id, or a user's running session, else their last. While it runs, with its equity in rupees and
 * its drawdown from the peak in percent; otherwise both are null.
 */
export async function findSessionEquity(db: Kysely<Database>, by: 'session_id' | 'user_id', id: string) {
  const equity = sql<string | null>`CASE WHEN status = 'ACTIVE' THEN ${equityOf('trading_sessions')} END`.as(
    'equity',
  );
  const found = await db
    .selectFrom('trading_sessions')
    .select([...SESSION_COLUMNS, equity])
    .where(by, '=', id)
    .orderBy('status')
    .orderBy('start_time', 'desc')
    .orderBy('session_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!found) return undefined;
  if (found.equity === null) return { ...found, drawdown: null };
  const peak = Math.max(found.peak_equity ?? found.capital_at_start, Number(found.equity));
  return { ...found, drawdown: drawdown(peak, Number(found.equity)) };
}
