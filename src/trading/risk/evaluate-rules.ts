import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import { describeStaleMarks } from './stale-marks.ts';
import type { TradingDay } from './trading-day.ts';

/** A rule after a check, in rupees, percent or orders; `current` is null where it cannot be evaluated. */
export interface CheckedRule extends Record<string, unknown> {
  rule_id: string;
  user_id: UserId;
  rule_type: RuleType;
  limit: number;
  current: number | null;
  headroom: number | null;
  verdict: 'violated' | 'cannot evaluate' | 'ok';
  /** This check is the one that found it broken, or no longer broken. */
  newly: boolean;
  message: string;
}

/**
 * Evaluates every rule of a trader, or of everyone where userId is null, in one statement: measures them, stores what
 * has changed, and gives what is violated, cannot be evaluated or is no longer violated; for one trader, every rule.
 * A rule that cannot be evaluated stays violated or not, as it was.
 *
 * No trader is locked. Of two checks at once only one finds a rule newly broken, and a limit that was set meanwhile is
 * left to the next check: the row is asked again when its update gets to it.
 */
export async function evaluateAllRules(
  trx: Trx,
  userId: UserId | null,
  clock: TradingDay,
): Promise<CheckedRule[]> {
  const whose = userId === null ? sql`true` : sql`user_id = ${userId}`;
  // Compiling a statement that runs once takes longer than running it.
  await sql`SELECT set_config('jit', 'off', true)`.execute(trx.db);
  const { rows } = await sql<CheckedRule>`
    WITH placed AS (
      SELECT user_id, count(*) AS orders FROM orders WHERE created_at >= ${clock.dayStart}::timestamp AND ${whose}
      GROUP BY user_id
    ), booked AS (
      SELECT user_id, sum(f.realized_pnl) AS realized
      FROM order_fills f JOIN positions p USING (position_id)
      WHERE f.executed_at >= ${clock.dayStart}::timestamp AND ${whose} GROUP BY user_id
    ), held AS (
      SELECT user_id, sum(unrealized) AS unrealized, max(abs(exposure)) AS largest,
        (array_agg(symbol ORDER BY abs(exposure) DESC, symbol))[1] AS symbol, ${describeStaleMarks(clock)} AS stale
      FROM (
        SELECT user_id, symbol, sum(round(unrealized_pnl::numeric, 2)) AS unrealized, min(marked_at) AS marked_at,
          sum(CASE side WHEN 'LONG' THEN quantity ELSE -quantity END * current_price::numeric) AS exposure
        FROM positions WHERE status = 'OPEN' AND ${whose} GROUP BY user_id, symbol
      ) AS open
      GROUP BY user_id
    ), measured AS (
      SELECT r.rule_id, user_id, r.rule_type, r.rule_value, r.is_violated,
        CASE WHEN r.rule_type = 'MAX_POSITION_SIZE' THEN h.symbol END AS symbol,
        lacks,
        CASE WHEN lacks IS NULL THEN CASE r.rule_type
          WHEN 'MAX_POSITION_SIZE' THEN coalesce(h.largest, 0)
          WHEN 'MAX_DRAWDOWN' THEN s.max_drawdown
          WHEN 'MAX_DAILY_LOSS' THEN greatest(-(coalesce(b.realized, 0) + coalesce(h.unrealized, 0)), 0)
          WHEN 'MAX_ORDERS_PER_DAY' THEN coalesce(p.orders, 0)
          WHEN 'MIN_CAPITAL_THRESHOLD' THEN u.total_capital + coalesce(h.unrealized, 0)
        END END::float8 AS current
      FROM risk_rules r JOIN users u USING (user_id) LEFT JOIN held h USING (user_id)
        LEFT JOIN booked b USING (user_id) LEFT JOIN placed p USING (user_id)
        LEFT JOIN (SELECT user_id, max_drawdown FROM trading_sessions WHERE status = 'ACTIVE') s USING (user_id)
        CROSS JOIN LATERAL (SELECT CASE
          WHEN r.rule_type = 'MAX_DRAWDOWN' AND s.max_drawdown IS NULL
            THEN 'an active session (pinnacle session start --user ' || user_id || ')'
          WHEN r.rule_type <> 'MAX_ORDERS_PER_DAY' THEN h.stale
        END AS lacks) l
      WHERE ${whose}
    ), judged AS MATERIALIZED (
      SELECT rule_id, user_id, rule_type, rule_value, is_violated, current, violates, message,
        CASE WHEN violates OR current IS NULL THEN message ELSE '' END AS stored
      FROM measured
        CROSS JOIN LATERAL (SELECT CASE
          WHEN current IS NULL THEN is_violated
          WHEN rule_type IN ('MAX_POSITION_SIZE', 'MAX_ORDERS_PER_DAY') THEN current > rule_value
          WHEN rule_type = 'MIN_CAPITAL_THRESHOLD' THEN current < rule_value
          ELSE current >= rule_value
        END AS violates) v
        CROSS JOIN LATERAL (SELECT rule_type || ': ' || CASE
          WHEN current IS NULL THEN 'cannot evaluate without ' || lacks
          ELSE 'current=' || trim_scale(round(current::numeric, 4)) || ' limit=' || trim_scale(round(rule_value::numeric, 4))
            || coalesce(' symbol=' || symbol, '')
        END AS message) m
    ), flipped AS (
      UPDATE risk_rules r
      SET current_value = j.current, is_violated = j.violates, violation_message = j.stored, updated_at = ${clock.now}::timestamp
      FROM judged j
      WHERE r.rule_id = j.rule_id AND r.rule_value = j.rule_value AND j.violates <> j.is_violated AND j.violates <> r.is_violated
      RETURNING r.rule_id
    ), moved AS (
      UPDATE risk_rules r
      SET current_value = coalesce(j.current, r.current_value), violation_message = j.stored, updated_at = ${clock.now}::timestamp
      FROM judged j
      WHERE r.rule_id = j.rule_id AND r.rule_value = j.rule_value AND j.violates = j.is_violated AND j.violates = r.is_violated
        AND (r.current_value, r.violation_message) IS DISTINCT FROM (coalesce(j.current, r.current_value), j.stored)
    )
    SELECT j.rule_id, j.user_id, j.rule_type, j.rule_value AS limit, j.current, j.message, newly,
      ((j.rule_value::numeric - j.current::numeric)
        * CASE j.rule_type WHEN 'MIN_CAPITAL_THRESHOLD' THEN -1 ELSE 1 END)::float8 AS headroom,
      CASE WHEN j.current IS NULL THEN 'cannot evaluate' WHEN j.violates THEN 'violated' ELSE 'ok' END AS verdict
    FROM judged j CROSS JOIN LATERAL (SELECT j.rule_id IN (SELECT rule_id FROM flipped) AS newly) n
    WHERE ${userId !== null} OR j.current IS NULL OR j.violates OR newly
    ORDER BY j.user_id, j.rule_type`.execute(trx.db);
  return rows;
}
