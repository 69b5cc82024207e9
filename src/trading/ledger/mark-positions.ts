import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { ACTIONS_SINCE_STEP, hasStep } from '../../platform/postgres/schema-phase.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { remeasureSessions } from '../sessions/remeasure-equity.ts';

/** A price in rupees per share. */
export interface Mark {
  symbol: TradingSymbol;
  price: number;
  /** The time of its quote, UTC; null for a price given by the operator. */
  marked_at: Instant | null;
}

export interface Marked extends Mark {
  /** How many open positions it values. */
  positions: number;
  /** Their unrealized P&L at it, in rupees. */
  unrealized_pnl: Rupees;
}

/**
 * Values every open position in the marked symbols, of all users, and updates the equity of their running sessions, in
 * a fixed number of statements. Marks are dated by the clock of the database, as fills and merges are: the later one counts.
 * Unrealized P&L is `(mark - average) * quantity * sign`, in decimals as in the ledger.
 * A quote of before a split, or another action that moved the position, is of the old shares and values nothing.
 * Returns the result of each mark, except of those without an open position.
 */
export async function markPositions(trx: Trx, marks: readonly Mark[]): Promise<Marked[]> {
  const { rows: users } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM users WHERE user_id IN (
      SELECT user_id FROM positions WHERE status = 'OPEN' AND symbol = ANY(${marks.map(({ symbol }) => symbol)}))
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  if (users.length === 0) return [];
  const locked = users.map((user) => user.user_id);
  const at = await serverNow(trx.db);
  // A double's text is its shortest exact decimal; a cast to numeric would cut it to 15 digits.
  const { rows } = await sql<Marked>`
    WITH held AS (
      SELECT p.position_id, m.price, m.marked_at,
        (m.price::text::numeric - p.average_price::text::numeric) * p.quantity
          * CASE p.side WHEN 'LONG' THEN 1 ELSE -1 END AS gain
      FROM positions p JOIN ${unnest('m', { symbol: 'text', price: 'float8', marked_at: 'timestamp' }, marks)} ON m.symbol = p.symbol
      WHERE p.status = 'OPEN' AND p.user_id = ANY(${locked}) ${
        hasStep(trx, ACTIONS_SINCE_STEP)
          ? sql`AND NOT EXISTS (SELECT FROM corporate_action_effects e WHERE e.position_id = p.position_id
            AND e.effective_at > m.marked_at AND e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0))`
          : sql``
      }
      ORDER BY p.position_id FOR NO KEY UPDATE OF p
    ), marked AS (
      UPDATE positions p SET current_price = h.price, unrealized_pnl = h.gain::float8,
        marked_at = h.marked_at, updated_at = ${at}::timestamp
      FROM held h WHERE p.position_id = h.position_id
      RETURNING p.symbol, p.current_price AS price, p.marked_at, p.unrealized_pnl AS unrealized
    )
    SELECT symbol, price, marked_at, count(*)::int AS positions, sum(round(unrealized::numeric, 2)) AS unrealized_pnl
    FROM marked GROUP BY symbol, price, marked_at ORDER BY symbol COLLATE "C"`.execute(trx.db);
  if (trx.phase >= 3) await remeasureSessions(trx, locked, at);
  return rows;
}
