import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import {
  CANNOT_EVALUATE,
  RISK_MESSAGES,
  RISK_RULE_ENTRIES,
  type RISK_RULES,
  type RiskInput,
} from '../../domain/risk-rules.ts';
import type { TradingDay } from '../trading-day.ts';
import { realizedSince } from './realized-since.ts';
import { describeStaleMarks } from './stale-marks.ts';

/** A rule after a check, in rupees, percent or orders; `current` is null where it cannot be evaluated. */
export interface CheckedRule extends Record<string, unknown> {
  rule_id: string;
  user_id: UserId;
  rule_type: RuleType;
  limit: number;
  current: number | null;
  headroom: number | null;
  verdict: 'violated' | 'cannot evaluate' | 'ok';
  /** Whether this check found it violated, or no longer violated. */
  newly: boolean;
  /** Whether it cannot be evaluated, and the last check could. */
  newly_missing: boolean;
  message: string;
}

type Sql = RawBuilder<unknown>;

/** Enough for the open positions of ten thousand users. */
const WORK_MEM = '64MB';

/**
 * Evaluates every rule of a user, or of everyone if userId is null, in one statement, and stores what has changed.
 * Returns the rules that are violated, cannot be evaluated or are no longer violated; of one user, every rule. A rule
 * that cannot be evaluated keeps its state.
 *
 * No user is locked, and only rules whose values moved are joined with their rows again. Of two concurrent checks only one finds a rule newly violated, and a limit that was set meanwhile
 * is left to the next check: each update tests its row again.
 */
export async function evaluateAllRules(
  trx: Trx,
  userId: UserId | null,
  clock: TradingDay,
): Promise<CheckedRule[]> {
  const whose = userId === null ? sql`true` : sql`user_id = ${userId}`;
  // Compiling a statement that runs once takes longer than running it, and sorting on disk longer than in memory.
  await sql`SELECT set_config('jit', 'off', true), set_config('work_mem', ${WORK_MEM}, true)`.execute(trx.db);
  const { rows } = await sql<CheckedRule>`
    WITH placed AS (
      SELECT user_id, count(*) AS orders FROM orders WHERE created_at >= ${clock.dayStart}::timestamp AND ${whose}
      GROUP BY user_id
    ), booked AS (
      SELECT user_id, sum(realized) AS realized FROM (${realizedSince(clock.dayStart, whose)}) AS parts GROUP BY user_id
    ), held AS (
      SELECT user_id, sum(unrealized) AS unrealized, max(exposure) AS largest,
        (array_agg(symbol ORDER BY exposure DESC, symbol))[1] AS symbol, ${describeStaleMarks(clock)} AS stale
      FROM (
        SELECT user_id, symbol, sum(round(unrealized_pnl::numeric, 2)) AS unrealized, min(marked_at) AS marked_at,
          sum(abs(quantity) * current_price::numeric) AS exposure
        FROM positions WHERE status = 'OPEN' AND ${whose} GROUP BY user_id, symbol
      ) AS open
      GROUP BY user_id
    ), measured AS MATERIALIZED ( -- else every later mention of a value computes it again
      SELECT r.rule_id, user_id, r.rule_type, r.rule_value, r.is_violated, r.current_value AS last, r.violation_message AS before,
        CASE WHEN r.rule_type = 'MAX_POSITION_SIZE' THEN h.symbol END AS symbol,
        missing,
        CASE WHEN missing IS NULL THEN ${byRule((type) => METRICS[type])} END::float8 AS current
      FROM risk_rules r JOIN users u USING (user_id) LEFT JOIN held h USING (user_id)
        LEFT JOIN booked b USING (user_id) LEFT JOIN placed p USING (user_id)
        LEFT JOIN (
          SELECT user_id, max(max_drawdown) AS max_drawdown FROM trading_sessions WHERE status = 'ACTIVE' GROUP BY user_id
        ) s USING (user_id)
        CROSS JOIN LATERAL (SELECT ${byRule((_, { needs }) => firstMissing(needs))} AS missing) l
      WHERE ${whose}
    ), judged AS MATERIALIZED (
      SELECT rule_id, user_id, rule_type, rule_value, is_violated, current, violates, message, last, before,
        current IS NULL AND before NOT LIKE ${`%${CANNOT_EVALUATE}%`} AS newly_missing,
        CASE WHEN violates OR current IS NULL THEN message ELSE '' END AS stored
      FROM measured
        CROSS JOIN LATERAL (SELECT CASE WHEN current IS NULL THEN is_violated
          ELSE ${byRule((_, { violates }) => sql`current ${sql.raw(violates)} rule_value`)} END AS violates) v
        CROSS JOIN LATERAL (SELECT CASE
          WHEN current IS NULL THEN format(${sql.lit(RISK_MESSAGES.missing)}, rule_type, missing)
          WHEN NOT (violates OR is_violated OR ${userId !== null}) THEN ''
          ELSE format(${sql.lit(RISK_MESSAGES.evaluated)}, rule_type, trim_scale(round(current::numeric, 4)),
            trim_scale(round(rule_value::numeric, 4))) || coalesce(' symbol=' || symbol, '')
        END AS message) m
    ), moved AS (
      SELECT * FROM judged
      WHERE violates <> is_violated OR (last, before) IS DISTINCT FROM (coalesce(current, last), stored)
    ), written AS (
      UPDATE risk_rules r
      SET current_value = coalesce(j.current, r.current_value), is_violated = j.violates, violation_message = j.stored,
        updated_at = ${clock.now}::timestamp
      FROM moved j
      WHERE r.rule_id = j.rule_id AND r.rule_value = j.rule_value AND r.is_violated = j.is_violated
        AND (j.violates <> j.is_violated
          OR (r.current_value, r.violation_message) IS DISTINCT FROM (coalesce(j.current, r.current_value), j.stored))
      RETURNING r.rule_id, j.violates <> j.is_violated AS flipped
    )
    SELECT j.rule_id, j.user_id, j.rule_type, j.rule_value AS limit, j.current, j.message, newly, j.newly_missing,
      ((j.rule_value::numeric - j.current::numeric)
        * ${byRule((_, { violates }) => sql.lit(violates === '<' ? -1 : 1))})::float8 AS headroom,
      CASE WHEN j.current IS NULL THEN 'cannot evaluate' WHEN j.violates THEN 'violated' ELSE 'ok' END AS verdict
    FROM judged j CROSS JOIN LATERAL (SELECT j.rule_id IN (SELECT rule_id FROM written WHERE flipped) AS newly) n
    WHERE ${userId !== null} OR j.current IS NULL OR j.violates OR newly
    ORDER BY j.user_id, j.rule_type`.execute(trx.db);
  return rows;
}

/** A CASE over the rule type of the row, with an expression for each rule. */
function byRule(expression: (type: RuleType, rule: (typeof RISK_RULES)[RuleType]) => Sql): Sql {
  const branches = RISK_RULE_ENTRIES.map(
    ([type, rule]) => sql`WHEN ${sql.lit(type)} THEN ${expression(type, rule)}`,
  );
  return sql`CASE rule_type ${sql.join(branches, sql` `)} END`;
}

/** Every rule's value. */
const METRICS: Readonly<Record<RuleType, Sql>> = {
  MAX_POSITION_SIZE: sql`coalesce(h.largest, 0)`,
  MAX_DRAWDOWN: sql`s.max_drawdown`,
  MAX_DAILY_LOSS: sql`greatest(-(coalesce(b.realized, 0) + coalesce(h.unrealized, 0)), 0)`,
  MAX_ORDERS_PER_DAY: sql`coalesce(p.orders, 0)`,
  MIN_CAPITAL_THRESHOLD: sql`u.total_capital + coalesce(h.unrealized, 0)`,
};

/** The text of a missing input, NULL if it is there. Without an order, every symbol counts and no price is needed. */
const MISSING: Readonly<Record<RiskInput, Sql>> = {
  price: sql`NULL::text`,
  session: sql`CASE WHEN s.max_drawdown IS NULL THEN format(${sql.lit(RISK_MESSAGES.session)}, user_id) END`,
  symbolMarks: sql`h.stale`,
  marks: sql`h.stale`,
};

function firstMissing(needs: readonly RiskInput[]): Sql {
  return sql`coalesce(${sql.join([sql`NULL::text`, ...needs.map((input) => MISSING[input])])})`;
}
