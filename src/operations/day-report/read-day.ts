import { sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { EquityDay } from '../../domain/performance/snapshot-day.ts';
import { instantText } from '../../platform/postgres/instant-text.ts';
import { jsonRows } from '../../platform/postgres/json-rows.ts';
import { hasStep, SNAPSHOTS_SINCE_STEP, type Source } from '../../platform/postgres/schema-phase.ts';
import { IS_WORKING } from '../../trading/ledger/cancel-orders.ts';
import { flowRows } from '../../trading/performance/flows.ts';
import { beginOf } from '../../trading/trading-day.ts';

/** A trader on a day; rupees, charges below 0, the drawdown in percent. Null where there is no complete snapshot, or no session. */
interface Trader {
  user_id: string;
  gross_pnl: Rupees;
  charges: Rupees;
  net_pnl: Rupees;
  unrealized_pnl: Rupees | null;
  drawdown: number | null;
  orders: number;
  executions: number;
  rejected: number;
  halted: boolean;
}

/** What happened on a trading day, of everybody. */
export interface Day {
  day: string;
  traders: Trader[];
  orders: { status: string; orders: number }[];
  rejections: { reason: string; orders: number; users: number }[];
  breaches: { user_id: string | null; message: string; at: Instant }[];
  halts: {
    user_id: string | null;
    reason: string;
    halted_by: string;
    halted_at: Instant;
    resumed_at: Instant | null;
  }[];
  positions: {
    user_id: string;
    symbol: string;
    side: string;
    quantity: number;
    worth: Rupees;
    unrealized_pnl: Rupees;
  }[];
  /** Halts that are active, rules that are violated now, users whose snapshot lacks a price of the end of the day, and users without one. */
  halted: number;
  violated: number;
  incomplete: number;
  missing: number;
  /** Orders that are neither filled nor ended, and how many of them are from earlier days. */
  working: { status: string; orders: number; older: number }[];
}

/** A day, what `doctor ledger` says of the book, and what needs a person. */
export type DayReport = Omit<Day, 'halted' | 'violated' | 'incomplete' | 'missing' | 'working'> & {
  ledger: string;
  attention: { what: string }[];
};

const MOST = sql.lit(50);

/** Reads a day in one statement, whatever the number of traders. What is open now belongs to the latest day, whenever it began. */
export async function readDay(
  source: Source,
  { day, pricedFrom, hasBegun, isLatest }: EquityDay,
): Promise<Day> {
  const from = beginOf(sql`(SELECT day FROM asked)`, source);
  const until = beginOf(sql`(SELECT day + 1 FROM asked)`, source);
  const within = (at: string) => sql`${sql.ref(at)} >= ${from} AND ${sql.ref(at)} < ${until}`;
  const snapshots = hasStep(source, SNAPSHOTS_SINCE_STEP)
    ? sql`SELECT user_id, unrealized_pnl, unpriced::text <> '[]' OR priced_at < ${pricedFrom}::timestamp AS is_incomplete
      FROM equity_snapshots WHERE day = (SELECT day FROM asked)`
    : sql`SELECT NULL::varchar AS user_id, NULL::numeric AS unrealized_pnl, false AS is_incomplete WHERE false`;
  const { rows } = await sql<{ day: Day }>`
    WITH asked AS MATERIALIZED (SELECT ${day}::date AS day, ${hasBegun}::boolean AS has_begun, ${isLatest}::boolean AS is_latest),
    placed AS MATERIALIZED (SELECT order_id, user_id, status, error_message FROM orders WHERE ${within('created_at')}),
    executed AS (
      SELECT o.user_id, count(*) AS executions, sum(f.realized_pnl) AS realized
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE ${within('f.executed_at')} GROUP BY o.user_id
    ), moved AS (
      SELECT user_id, sum(charges) AS charges, sum(dividends) AS dividends
      FROM (${flowRows(source, undefined)}) AS flows WHERE day = (SELECT day FROM asked) GROUP BY user_id
    ), ordered AS (
      SELECT user_id, count(*) AS orders, count(*) FILTER (WHERE status = 'REJECTED') AS rejected FROM placed GROUP BY user_id
    ), falls AS (
      SELECT user_id, max(max_drawdown) AS drawdown FROM trading_sessions
      WHERE start_time < ${until} AND (end_time IS NULL OR end_time >= ${from}) GROUP BY user_id
    ), halts AS (
      SELECT * FROM trading_halts WHERE (halted_at < ${until} AND (resumed_at IS NULL OR resumed_at >= ${from}))
        OR (resumed_at IS NULL AND (SELECT is_latest FROM asked))
    ), held AS (
      SELECT user_id, symbol, side, quantity, round(current_price::numeric * quantity, 2) AS worth,
        round(unrealized_pnl::numeric, 2) AS unrealized_pnl
      FROM positions WHERE status = 'OPEN' AND (SELECT is_latest FROM asked)
    ), snapshots AS (${snapshots}),
    traders AS (
      SELECT u.user_id, coalesce(e.realized, 0) AS gross, coalesce(m.charges, 0) AS charges, coalesce(m.dividends, 0) AS dividends,
        s.unrealized_pnl, f.drawdown, coalesce(o.orders, 0) AS orders, coalesce(e.executions, 0) AS executions,
        coalesce(o.rejected, 0) AS rejected,
        EXISTS (SELECT FROM trading_halts h WHERE h.resumed_at IS NULL AND coalesce(h.user_id, u.user_id) = u.user_id) AS halted
      FROM users u LEFT JOIN executed e ON e.user_id = u.user_id LEFT JOIN moved m ON m.user_id = u.user_id
      LEFT JOIN ordered o ON o.user_id = u.user_id LEFT JOIN falls f ON f.user_id = u.user_id
      LEFT JOIN snapshots s ON s.user_id = u.user_id
      WHERE e.user_id IS NOT NULL OR m.user_id IS NOT NULL OR o.user_id IS NOT NULL OR f.user_id IS NOT NULL
        OR u.user_id IN (SELECT user_id FROM held)
    )
    SELECT json_build_object(
      'day', (SELECT to_char(day, 'YYYY-MM-DD') FROM asked),
      'traders', ${jsonRows(sql`SELECT user_id, gross::numeric(20, 2)::text AS gross_pnl, charges::numeric(20, 2)::text AS charges,
        (gross + charges + dividends)::numeric(20, 2)::text AS net_pnl, unrealized_pnl::text, drawdown, orders, executions, rejected, halted
        FROM traders ORDER BY gross + charges + dividends, user_id`)},
      'orders', ${jsonRows(sql`SELECT status::text AS status, count(*) AS orders FROM placed GROUP BY status ORDER BY status`)},
      'rejections', ${jsonRows(sql`SELECT coalesce(nullif(error_message, ''), 'no reason') AS reason, count(*) AS orders,
        count(DISTINCT user_id) AS users FROM placed WHERE status = 'REJECTED' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST}`)},
      'breaches', ${jsonRows(sql`SELECT user_id, message, ${instantText('created_at')} AS at FROM notifications
        WHERE notification_type = 'RISK_ALERT' AND ${within('created_at')} ORDER BY created_at DESC, notification_id LIMIT ${MOST}`)},
      'halts', ${jsonRows(sql`SELECT user_id, reason, halted_by, ${instantText('halted_at')} AS halted_at, ${instantText('resumed_at')} AS resumed_at
        FROM halts ORDER BY halts.halted_at DESC, halt_id LIMIT ${MOST}`)},
      'positions', ${jsonRows(sql`SELECT user_id, symbol, side::text AS side, quantity, worth::text, unrealized_pnl::text
        FROM held ORDER BY held.worth DESC, user_id, symbol LIMIT ${MOST}`)},
      'halted', (SELECT count(*) FROM halts WHERE resumed_at IS NULL),
      'violated', (SELECT count(*) FROM risk_rules WHERE is_violated AND (SELECT is_latest FROM asked)),
      'incomplete', (SELECT count(*) FROM snapshots WHERE is_incomplete),
      'missing', (SELECT count(*) FROM users u WHERE user_id IN (SELECT user_id FROM held)
        AND user_id NOT IN (SELECT user_id FROM snapshots) AND (user_id IN (SELECT user_id FROM executed)
          OR (created_at < ${until} AND ((SELECT has_begun FROM asked) OR EXISTS (SELECT FROM executed))))),
      'working', ${jsonRows(sql`SELECT status::text AS status, count(*) AS orders, count(*) FILTER (WHERE created_at < ${from}) AS older
        FROM orders WHERE ${IS_WORKING} AND ((SELECT is_latest FROM asked) OR (${within('created_at')})) GROUP BY status ORDER BY status`)}
    ) AS day`.execute(source.db);
  return (rows[0] as { day: Day }).day;
}
