import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { ChainKey } from '../../domain/book.ts';
import { correctExtremes } from '../../domain/equity.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import { addMoney, NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { isOutOfRange } from '../../platform/postgres/errors.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { remeasureSessions } from '../sessions/remeasure-equity.ts';
import { sessionTotals } from '../sessions/totals.ts';
import type { TradingDay } from '../trading-day.ts';
import { beyondCapital } from './write-book.ts';

/** What an execution credits more than before, in rupees, and when it was booked. */
interface CreditMoved {
  session_id: string | null;
  created_at: Instant;
  credit: Rupees;
}

interface TotalsMoved {
  credits: readonly CreditMoved[];
  /** How many more orders are FILLED. */
  completed: number;
  /** By how much the unrealized P&L of the user grows, in rupees. */
  unrealized: Rupees;
  /** Sessions whose executions changed, also those that lost one which credited nothing. */
  touched: readonly string[];
  day: TradingDay;
}

const sum = (credits: readonly CreditMoved[]) =>
  credits.reduce((total, { credit }) => addMoney(total, credit), NO_RUPEES);

/**
 * Lets the capital of a locked user, the totals of the strategy and the sessions follow corrected executions. A session
 * has the credits of its own executions; those booked before it move the capital that it started with.
 */
export async function correctTotals(
  trx: Trx,
  { user_id, strategy_id }: Pick<ChainKey, 'user_id' | 'strategy_id'>,
  moved: TotalsMoved,
): Promise<void> {
  const credited = sum(moved.credits);
  await sql`UPDATE users SET total_capital = total_capital + ${credited}::numeric WHERE user_id = ${user_id}`
    .execute(trx.db)
    .catch((error) => {
      throw isOutOfRange(error) ? beyondCapital() : error;
    });
  if (strategy_id !== null)
    await sql`
      UPDATE user_strategies SET successful_orders = successful_orders + ${moved.completed},
        total_pnl = round(total_pnl::numeric + ${credited}::numeric, 2)::float8,
        updated_at = greatest(updated_at, ${moved.day.now}::timestamp)
      WHERE user_id = ${user_id} AND strategy_id = ${strategy_id}`.execute(trx.db);
  await correctSessions(trx, user_id, moved);
}

interface SessionRow {
  session_id: string;
  status: 'ACTIVE' | 'COMPLETED';
  start_time: Instant;
  end_time: Instant | null;
  peak_equity: number;
  max_drawdown: number;
}

async function correctSessions(trx: Trx, userId: ChainKey['user_id'], moved: TotalsMoved): Promise<void> {
  const { rows } = await sql<SessionRow>`
    SELECT session_id, status, start_time, end_time, coalesce(peak_equity, capital_at_start) AS peak_equity, max_drawdown
    FROM trading_sessions WHERE user_id = ${userId} ORDER BY session_id FOR NO KEY UPDATE`.execute(trx.db);
  const started = new Map(rows.map((row) => [row.session_id, row.start_time]));
  const touched = new Set([...moved.touched, ...moved.credits.map(({ session_id }) => session_id)]);
  const corrected = rows.flatMap((session) => {
    const earlier = moved.credits.filter((credit) => isBeforeSession(credit, session, started));
    const start = sum(earlier);
    const isToday = session.end_time === null || !isBefore(session.end_time, moved.day.dayStart);
    const equity = Number(addMoney(sum(moved.credits), moved.unrealized));
    const extremes = correctExtremes(session, isToday ? equity : Math.min(0, Number(start)), Number(start));
    const isMoved = start !== NO_RUPEES || touched.has(session.session_id) || (isToday && equity !== 0);
    if (!isMoved) return [];
    const most = {
      most_peak: session.peak_equity + Math.max(0, Number(start)),
      most_drawdown: session.max_drawdown,
    };
    return [{ session_id: session.session_id, start, ...extremes, ...most }];
  });
  if (corrected.length === 0) return;
  const columns = {
    session_id: 'text',
    start: 'numeric',
    peak_equity: 'float8',
    max_drawdown: 'float8',
    most_peak: 'float8',
    most_drawdown: 'float8',
  } as const;
  // The executions that count prove a peak and a drawdown that no correction takes away.
  await sql`
    UPDATE trading_sessions s
    SET capital_at_start = n.capital::float8, total_pnl = n.credited::float8, successful_orders = n.completed,
      capital_at_end = CASE WHEN s.status = 'COMPLETED' THEN (n.capital + n.credited)::float8 END,
      peak_equity = greatest(least(n.most_peak, greatest(n.peak_equity, (n.capital + n.top)::float8)), n.capital::float8),
      max_drawdown = least(n.most_drawdown, greatest(n.max_drawdown, n.fall::float8)),
      updated_at = greatest(s.updated_at, ${moved.day.now}::timestamp)
    FROM (
      SELECT c.session_id, c.peak_equity, c.max_drawdown, c.most_peak, c.most_drawdown, a.capital,
        coalesce(m.credited, 0) AS credited, coalesce(m.completed, 0)::int AS completed, coalesce(path.top, 0) AS top,
        coalesce(path.fall, 0) AS fall
      FROM ${unnest('c', columns, corrected)} JOIN trading_sessions o ON o.session_id = c.session_id
      CROSS JOIN LATERAL (SELECT round(o.capital_at_start::numeric, 2) + c.start AS capital) a
      LEFT JOIN (${sessionTotals(userId)}) m ON m.session_id = c.session_id
      LEFT JOIN LATERAL (
        SELECT max(top) AS top, max((top - gained) * 100 / nullif(greatest(a.capital + top, 0), 0)) AS fall
        FROM (
          SELECT gained, greatest(0, max(gained) OVER (ORDER BY seq)) AS top
          FROM (
            SELECT f.seq, sum(f.realized_pnl) OVER (ORDER BY f.seq) AS gained
            FROM order_fills f JOIN orders i ON i.order_id = f.order_id
            WHERE i.user_id = ${userId} AND f.session_id = c.session_id
          ) sums
        ) tops
      ) path ON true
    ) n WHERE s.session_id = n.session_id`.execute(trx.db);
  await remeasureSessions(trx, [userId], moved.day.now);
}

/** Whether an execution was booked before a session began. While one runs, every other execution was. */
function isBeforeSession(
  { session_id, created_at }: CreditMoved,
  session: SessionRow,
  started: ReadonlyMap<string, Instant>,
): boolean {
  if (session_id === session.session_id) return false;
  const at = (session_id === null ? undefined : started.get(session_id)) ?? created_at;
  return session.status === 'ACTIVE' || isBefore(at, session.start_time);
}
