import { type RawBuilder, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { CANNOT_EVALUATE } from '../../domain/risk-rules.ts';
import { instantText } from '../../platform/postgres/instant-text.ts';
import { jsonRows } from '../../platform/postgres/json-rows.ts';
import {
  BROKER_SINCE_STEP,
  CHANNEL_STATE_SINCE_STEP,
  hasStep,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import { IS_WORKING } from '../../trading/ledger/cancel-orders.ts';
import { IS_UNREAD_CRITICAL, UNREAD_MOST } from '../../trading/notifications/count-unread.ts';
import { flowRows } from '../../trading/performance/flows.ts';
import { realizedSince } from '../../trading/risk/realized-since.ts';
import { localTime, type TradingDay } from '../../trading/trading-day.ts';
import { UNDELIVERED_SQL } from '../alerts/undelivered.ts';
import { type Choice, MOST, type Overview, type Sort } from './overview.ts';

/**
 * Reads the trading day as it is now in one statement, whatever the number of traders: of everybody, or of those who are chosen. `clock` is
 * the day, by the clock of the database. Needs phase 4.
 */
export async function readOverview(source: Source, clock: TradingDay, choice: Choice): Promise<Overview> {
  const { user, text } = choice;
  const today = sql`${localTime(sql`${clock.now}::timestamp`, source)}::date`;
  const { rows } = await sql<{ overview: Omit<Overview, 'at'> }>`
    WITH halts AS MATERIALIZED (
      SELECT user_id, reason, halted_by, halted_at FROM trading_halts
      WHERE resumed_at IS NULL AND (user_id IS NULL OR ${of('user_id', user)})
    ), running AS (
      SELECT user_id, max(max_drawdown) AS drawdown FROM trading_sessions WHERE status = 'ACTIVE' AND ${of('user_id', user)}
      GROUP BY user_id
    ), booked AS (
      SELECT user_id, sum(realized) AS realized FROM (${realizedSince(clock.dayStart, of('user_id', user))}) AS parts GROUP BY user_id
    ), held AS (
      SELECT user_id, count(*) AS positions, sum(round(unrealized_pnl::numeric, 2)) AS unrealized, min(marked_at) AS marked_at,
        count(*) FILTER (WHERE marked_at < ${clock.staleBefore}::timestamp) AS stale
      FROM positions WHERE status = 'OPEN' AND ${of('user_id', user)} GROUP BY user_id
    ), placed AS (
      SELECT user_id, count(*) AS working, min(created_at) AS oldest FROM orders WHERE ${IS_WORKING} AND ${of('user_id', user)}
      GROUP BY user_id
    ), rules AS (
      SELECT user_id, min(rule_value) FILTER (WHERE rule_type = 'MAX_DRAWDOWN') AS drawdown_limit,
        count(*) FILTER (WHERE is_violated) AS violated, count(*) FILTER (WHERE ${IS_UNEVALUATED}) AS unevaluated
      FROM risk_rules WHERE ${of('user_id', user)} GROUP BY user_id
    ), traders AS MATERIALIZED (
      SELECT u.user_id, coalesce(b.realized, 0) AS realized, coalesce(h.unrealized, 0) AS unrealized, coalesce(c.charges, 0) AS charges,
        coalesce(b.realized, 0) + coalesce(c.charges, 0) AS net, s.drawdown, r.drawdown_limit,
        coalesce(p.working, 0) AS working, p.oldest, coalesce(h.positions, 0) AS positions, coalesce(h.stale, 0) AS stale, h.marked_at,
        coalesce(r.violated, 0) AS violated, coalesce(r.unevaluated, 0) AS unevaluated, s.user_id IS NOT NULL AS in_session,
        EXISTS (SELECT FROM halts WHERE coalesce(halts.user_id, u.user_id) = u.user_id) AS halted
      FROM users u LEFT JOIN booked b ON b.user_id = u.user_id LEFT JOIN held h ON h.user_id = u.user_id
        LEFT JOIN placed p ON p.user_id = u.user_id LEFT JOIN running s ON s.user_id = u.user_id
        LEFT JOIN rules r ON r.user_id = u.user_id
        LEFT JOIN LATERAL (
          SELECT sum(f.charges) AS charges FROM (${flowRows(source, undefined)}) AS f WHERE f.user_id = u.user_id AND f.day = ${today}
        ) c ON true
      WHERE (b.user_id IS NOT NULL OR h.user_id IS NOT NULL OR p.user_id IS NOT NULL OR s.user_id IS NOT NULL OR r.violated > 0
          OR r.unevaluated > 0 OR u.user_id IN (SELECT user_id FROM halts))
        AND ${of('u.user_id', user)} AND ${trades(text, clock.dayStart)}
    ), unread AS MATERIALIZED (${unread(user)}),
    urgent AS (${urgent(user)}),
    working AS (
      SELECT order_id, user_id, symbol, side, order_type, quantity, filled_quantity, price, status, strategy_id, created_at
      FROM orders WHERE ${IS_WORKING} AND ${of('user_id', user)} AND ${contains(text, 'user_id', 'symbol', 'strategy_id', 'order_id')}
      ORDER BY created_at DESC, order_id DESC LIMIT ${sql.lit(MOST.orders)}
    ), executed AS (
      SELECT f.fill_id, f.order_id, o.user_id, o.symbol, o.side, f.quantity, f.price, f.realized_pnl, o.strategy_id, f.executed_at, f.seq
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      WHERE f.executed_at >= ${clock.dayStart}::timestamp AND ${of('o.user_id', user)}
        AND ${contains(text, 'o.user_id', 'o.symbol', 'o.strategy_id', 'f.order_id')}
      ORDER BY f.executed_at DESC, f.seq DESC LIMIT ${sql.lit(MOST.fills)}
    )
    SELECT json_build_object(
      'day', to_char(${today}, 'YYYY-MM-DD'),
      'totals', (SELECT json_build_object(
        'traders', count(*), 'in_session', count(*) FILTER (WHERE in_session),
        'halts', (SELECT count(*) FROM halts), 'violated', coalesce(sum(violated), 0), 'unevaluated', coalesce(sum(unevaluated), 0),
        'positions', coalesce(sum(positions), 0), 'working', coalesce(sum(working), 0),
        'realized_pnl', coalesce(sum(realized), 0)::numeric(20, 2)::text, 'unrealized_pnl', coalesce(sum(unrealized), 0)::numeric(20, 2)::text,
        'charges', coalesce(sum(charges), 0)::numeric(20, 2)::text, 'net_pnl', coalesce(sum(net), 0)::numeric(20, 2)::text,
        'unread', (SELECT count(*) FROM unread), 'critical', (SELECT count(*) FROM notifications WHERE ${IS_UNREAD_CRITICAL} AND ${mine(user)})
      ) FROM traders),
      'ages', (SELECT json_build_object(
        'oldest_order', (SELECT ${instantText('oldest')} FROM (SELECT min(oldest) AS oldest FROM traders) AS o),
        'oldest_mark', ${instantText('marked_at')}, 'stale_marks', stale,
        'synced', ${synced(source, user)}
      ) FROM (SELECT min(marked_at) AS marked_at, coalesce(sum(stale), 0) AS stale FROM traders) AS m),
      'undelivered', ${undelivered(source)},
      'halts', ${jsonRows(sql`SELECT user_id, reason, halted_by, ${instantText('halted_at')} AS halted_at FROM halts
        WHERE user_id IS NULL OR ${contains(text, 'user_id')} ORDER BY user_id NULLS FIRST LIMIT ${sql.lit(MOST.halts)}`)},
      'rules', ${jsonRows(sql`SELECT user_id, rule_type, rule_value, current_value, is_violated, violation_message FROM risk_rules
        WHERE (is_violated OR ${IS_UNEVALUATED}) AND ${of('user_id', user)} AND ${contains(text, 'user_id')}
        ORDER BY is_violated DESC, user_id, rule_type LIMIT ${sql.lit(MOST.rules)}`)},
      'traders', ${jsonRows(sql`SELECT user_id, realized::numeric(20, 2)::text AS realized_pnl, unrealized::numeric(20, 2)::text AS unrealized_pnl,
        charges::numeric(20, 2)::text AS charges, net::numeric(20, 2)::text AS net_pnl, drawdown, drawdown_limit, positions, working, in_session,
        halted, violated FROM traders ORDER BY ${ORDERS[choice.sort]}, user_id LIMIT ${sql.lit(MOST.traders)}`)},
      'orders', ${jsonRows(sql`SELECT order_id, user_id, symbol, side::text AS side, order_type::text AS order_type, quantity, filled_quantity,
        price, status::text AS status, strategy_id, ${instantText('created_at')} AS created_at FROM working
        ORDER BY working.created_at DESC, order_id DESC`)},
      'fills', ${jsonRows(sql`SELECT fill_id, order_id, user_id, symbol, side::text AS side, quantity, price, realized_pnl::text AS realized_pnl,
        strategy_id, ${instantText('executed_at')} AS executed_at FROM executed ORDER BY executed.executed_at DESC, seq DESC`)},
      'notifications', ${jsonRows(sql`SELECT notification_id, user_id, alert_level::text AS alert_level, title, message,
        ${instantText('created_at')} AS created_at FROM urgent
        WHERE ${contains(text, 'user_id', 'title', 'message')}
        ORDER BY urgent.created_at DESC, notification_id DESC LIMIT ${sql.lit(MOST.notifications)}`)},
      'symbols', ${symbols(user)}
    ) AS overview`.execute(source.db);
  return { at: clock.now, ...(rows[0] as { overview: Omit<Overview, 'at'> }).overview };
}

const IS_UNEVALUATED = sql`violation_message LIKE ${sql.lit(`%${CANNOT_EVALUATE}%`)}`;

const ORDERS: Readonly<Record<Sort, RawBuilder<unknown>>> = {
  net: sql`net`,
  unrealized: sql`unrealized`,
  drawdown: sql`drawdown / nullif(drawdown_limit, 0) DESC NULLS LAST, drawdown DESC NULLS LAST`,
  user: sql`user_id`,
};

const of = (column: string, user: UserId | undefined) =>
  user === undefined ? sql`true` : sql`${sql.ref(column)} = ${user}`;

/** Whether one of the columns contains a text in any case of letters. */
function contains(text: string, ...columns: readonly string[]): RawBuilder<boolean> {
  if (text === '') return sql`true`;
  const each = columns.map((column) => sql`strpos(lower(${sql.ref(column)}), lower(${text})) > 0`);
  return sql`(${sql.join(each, sql` OR `)})`;
}

/**
 * Whether a user is meant by a text, or has something open in a symbol or of a strategy that is, or closed it since `dayStart`. Who executed
 * since then has one of both: so no execution is read, of which there are many.
 */
function trades(text: string, dayStart: Instant): RawBuilder<unknown> {
  if (text === '') return sql`true`;
  const isMeant = contains(text, 'q.symbol', 'q.strategy_id');
  return sql`(${contains(text, 'u.user_id')} OR u.user_id IN (
    SELECT q.user_id FROM positions q WHERE q.status = 'OPEN' AND ${isMeant}
    UNION ALL SELECT q.user_id FROM positions q WHERE q.closed_at >= ${dayStart}::timestamp AND ${isMeant}
    UNION ALL SELECT q.user_id FROM orders q WHERE ${IS_WORKING} AND ${isMeant}))`;
}

const NOTICE = sql`notification_id, user_id, alert_level, title, message, created_at`;

/** The newest unread notifications; of a user, also those of the system. */
function unread(user: UserId | undefined): RawBuilder<unknown> {
  const newest = (whose: RawBuilder<unknown>) => sql`
    (SELECT ${NOTICE} FROM notifications WHERE read_at IS NULL AND ${whose}
      ORDER BY created_at DESC, notification_id DESC LIMIT ${sql.lit(UNREAD_MOST)})`;
  return user === undefined
    ? newest(sql`true`)
    : sql`${newest(sql`user_id = ${user}`)} UNION ALL ${newest(sql`user_id IS NULL`)}`;
}

/** Of these WARNING and ERROR, and CRITICAL ones however many others came after them. */
const urgent = (user: UserId | undefined) => sql`
  SELECT * FROM unread WHERE alert_level IN ('WARNING', 'ERROR') UNION ALL (
    SELECT ${NOTICE} FROM notifications WHERE ${IS_UNREAD_CRITICAL} AND ${mine(user)}
    ORDER BY created_at DESC, notification_id DESC LIMIT ${sql.lit(UNREAD_MOST)})`;

/** Notifications of everybody; of a user and of the system. */
const mine = (user: UserId | undefined) =>
  user === undefined ? sql`true` : sql`(user_id = ${user} OR user_id IS NULL)`;

/** The last sync with the broker, and how many traders have a problem with theirs. */
const synced = (source: Source, user: UserId | undefined) =>
  hasStep(source, BROKER_SINCE_STEP)
    ? sql`(SELECT json_build_object('accounts', accounts, 'last', ${instantText('synced')}, 'problems', problems) FROM (
        SELECT count(*) AS accounts, max(synced_at) AS synced, count(*) FILTER (WHERE sync_problem <> '') AS problems
        FROM broker_accounts WHERE ${of('user_id', user)}) AS b)`
    : sql`NULL`;

/** What alerts could not deliver. */
const undelivered = (source: Source) =>
  hasStep(source, CHANNEL_STATE_SINCE_STEP)
    ? sql.raw(UNDELIVERED_SQL)
    : sql`json_build_object('dead', 0, 'channels', '[]'::json)`;

/** The symbols of what is open and what works. */
const symbols = (user: UserId | undefined) => sql`(
  SELECT coalesce(json_agg(symbol), '[]') FROM (
    SELECT symbol FROM positions WHERE status = 'OPEN' AND ${of('user_id', user)}
    UNION SELECT symbol FROM orders WHERE ${IS_WORKING} AND ${of('user_id', user)} ORDER BY 1 LIMIT ${sql.lit(MOST.symbols)}
  ) AS s)`;
