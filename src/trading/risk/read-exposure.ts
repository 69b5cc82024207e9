import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { RuleType } from '../../domain/enums.ts';
import { type RiskSnapshot, rulesNeeding } from '../../domain/risk-rules.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import type { ProposedOrder } from '../ledger/insert-orders.ts';
import { activeHaltQuery, type Halt } from './halts.ts';
import { describeStaleMarks } from './stale-marks.ts';
import type { TradingDay } from './trading-day.ts';

/** What a pre-trade check reads: the active halt, and what the rules are measured against. */
export interface Exposure {
  halt: Halt | undefined;
  facts: Omit<RiskSnapshot, 'capital'>;
}

type Row = { [K in keyof Halt]: Halt[K] | null } & Omit<RiskSnapshot, 'capital' | 'limits'> & {
    limits: RiskSnapshot['limits'] | null;
  };

/**
 * The active halt of a user and the facts for their rules, in one statement that reads only what those rules need. The
 * order `replacing` does not count among the working orders. Needs phase 4.
 */
export async function readExposure(
  db: Kysely<Database>,
  order: ProposedOrder,
  clock: TradingDay,
  replacing: string | undefined,
): Promise<Exposure> {
  const { user_id, symbol, side } = order;
  const open = sql`FROM positions WHERE user_id = ${user_id} AND status = 'OPEN'`;
  const working = sql`FROM orders WHERE user_id = ${user_id} AND symbol = ${symbol} AND side = ${side}::order_side
    AND ${IS_WORKING} AND order_id <> ${replacing ?? ''}`;
  const stale = (held: RawBuilder<unknown>) => sql`SELECT ${describeStaleMarks(clock)}
    FROM (SELECT symbol, min(marked_at) AS marked_at ${held} GROUP BY symbol) AS marks`;
  const { rows } = await sql<Row>`
    WITH rules AS MATERIALIZED (SELECT rule_type, rule_value FROM risk_rules WHERE user_id = ${user_id})
    SELECT h.halt_id, h.user_id, h.reason, h.halted_by, h.halted_at,
      (SELECT json_object_agg(rule_type, rule_value) FROM rules) AS limits,
      ${needed(
        ['MAX_POSITION_SIZE'],
        sql`SELECT coalesce(sum(CASE side WHEN 'LONG' THEN quantity ELSE -quantity END * current_price::numeric), 0)
          ${open} AND symbol = ${symbol}`,
      )} AS exposure,
      ${needed(
        ['MAX_POSITION_SIZE'],
        sql`SELECT coalesce(sum((quantity - filled_quantity) * price::numeric), 0) ${working}`,
      )} AS working_value,
      ${needed(
        ['MAX_POSITION_SIZE'],
        sql`SELECT coalesce(sum(quantity - filled_quantity), 0)::float8 ${working} AND price = 0`,
      )} AS working_unpriced,
      ${needed(
        ['MAX_POSITION_SIZE'],
        sql`SELECT current_price ${open} AND symbol = ${symbol} ORDER BY updated_at DESC, position_id LIMIT 1`,
      )} AS mark,
      ${needed(rulesNeeding('symbolMarks'), stale(sql`${open} AND symbol = ${symbol}`))} AS stale_mark,
      ${needed(rulesNeeding('marks'), stale(open))} AS stale_marks,
      ${needed(
        rulesNeeding('session'),
        sql`SELECT max_drawdown FROM trading_sessions WHERE user_id = ${user_id} AND status = 'ACTIVE'`,
      )} AS drawdown,
      ${needed(
        ['MAX_DAILY_LOSS'],
        sql`SELECT coalesce(sum(f.realized_pnl), 0) FROM order_fills f JOIN positions p USING (position_id)
          WHERE p.user_id = ${user_id} AND f.executed_at >= ${clock.dayStart}::timestamp`,
      )} AS realized_today,
      ${needed(
        ['MAX_DAILY_LOSS', 'MIN_CAPITAL_THRESHOLD'],
        sql`SELECT coalesce(sum(round(unrealized_pnl::numeric, 2)), 0) ${open}`,
      )} AS unrealized,
      ${needed(
        ['MAX_ORDERS_PER_DAY'],
        sql`SELECT count(*)::int FROM orders WHERE user_id = ${user_id} AND created_at >= ${clock.dayStart}::timestamp`,
      )} AS orders_today
    FROM (VALUES (1)) AS one(n) LEFT JOIN (${activeHaltQuery(user_id)}) h ON true`.execute(db);
  const { halt_id, user_id: halted, reason, halted_by, halted_at, limits, ...facts } = rows[0] as Row;
  const halt =
    halt_id === null ? undefined : ({ halt_id, user_id: halted, reason, halted_by, halted_at } as Halt);
  return { halt, facts: { ...facts, limits: limits ?? {} } };
}

/** A fact that is read only if one of these rules is set. */
function needed(rules: readonly RuleType[], fact: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE WHEN EXISTS (SELECT FROM rules WHERE rule_type IN (${sql.join(rules.map((rule) => sql`${rule}::rule_type`))}))
    THEN (${fact}) END`;
}
