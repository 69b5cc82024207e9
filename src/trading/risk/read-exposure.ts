import { type RawBuilder, sql } from 'kysely';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import { type RiskSnapshot, rulesNeeding } from '../../domain/risk-rules.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import type { ProposedOrder } from '../ledger/insert-orders.ts';
import { productOf } from '../ledger/product.ts';
import type { TradingDay } from '../trading-day.ts';
import { closedElsewhere } from './closed-elsewhere.ts';
import { activeHaltQuery, type Halt } from './halts.ts';
import { describeStaleMarks } from './stale-marks.ts';

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
  source: Source,
  order: ProposedOrder,
  clock: TradingDay,
  replacing: string | undefined,
): Promise<Exposure> {
  const { user_id, symbol } = order;
  const open = sql`FROM positions WHERE user_id = ${user_id} AND status = 'OPEN'`;
  const legs = sql`
    SELECT strategy, product, sum(held) AS held, sum(buying) AS buying, sum(selling) AS selling, max(price) AS price FROM (
      SELECT coalesce(strategy_id, '') AS strategy, coalesce(${productOf(source, 'positions')}, '') AS product,
        CASE side WHEN 'LONG' THEN quantity ELSE -abs(quantity) END AS held,
        0 AS buying, 0 AS selling, 0 AS price
      ${open} AND symbol = ${symbol}
      UNION ALL
      SELECT coalesce(strategy_id, ''), coalesce(${productOf(source, 'orders')}, ''), 0, CASE side WHEN 'BUY' THEN quantity - filled_quantity ELSE 0 END,
        CASE side WHEN 'SELL' THEN quantity - filled_quantity ELSE 0 END, price
      FROM orders WHERE user_id = ${user_id} AND symbol = ${symbol} AND ${IS_WORKING} AND order_id <> ${replacing ?? ''}
    ) AS part GROUP BY strategy, product`;
  const stale = (held: RawBuilder<unknown>) => sql`SELECT ${describeStaleMarks(clock)}
    FROM (SELECT symbol, min(marked_at) AS marked_at ${held} GROUP BY symbol) AS marks`;
  const { rows } = await sql<Row>`
    WITH rules AS MATERIALIZED (
      -- Of several rules of a type, which other services may have written, the strictest.
      SELECT rule_type, CASE rule_type WHEN 'MIN_CAPITAL_THRESHOLD' THEN max(rule_value) ELSE min(rule_value) END AS rule_value
      FROM risk_rules WHERE user_id = ${user_id} GROUP BY rule_type)
    SELECT h.halt_id, h.user_id, h.reason, h.halted_by, h.halted_at,
      (SELECT json_object_agg(rule_type, rule_value) FROM rules) AS limits,
      ${needed(['MAX_POSITION_SIZE'], sql`SELECT coalesce(json_agg(l), '[]') FROM (${legs}) AS l`)} AS legs,
      ${needed(['MAX_POSITION_SIZE'], lastPrice(user_id, symbol, clock))} AS last_price,
      ${needed(rulesNeeding('symbolMarks'), stale(sql`${open} AND symbol = ${symbol}`))} AS stale_mark,
      ${needed(rulesNeeding('marks'), stale(open))} AS stale_marks,
      ${needed(
        rulesNeeding('session'),
        sql`SELECT max(max_drawdown) FROM trading_sessions WHERE user_id = ${user_id} AND status = 'ACTIVE'`,
      )} AS drawdown,
      ${needed(
        ['MAX_DAILY_LOSS'],
        sql`SELECT coalesce(sum(realized), 0) FROM (
            SELECT f.realized_pnl AS realized FROM order_fills f JOIN positions p USING (position_id)
            WHERE p.user_id = ${user_id} AND f.executed_at >= ${clock.dayStart}::timestamp
            UNION ALL SELECT realized FROM (${closedElsewhere(clock.dayStart)}) e WHERE user_id = ${user_id}
          ) AS parts`,
      )} AS realized_today,
      ${needed(
        ['MAX_DAILY_LOSS', 'MIN_CAPITAL_THRESHOLD'],
        sql`SELECT coalesce(sum(round(unrealized_pnl::numeric, 2)), 0) ${open}`,
      )} AS unrealized,
      ${needed(
        ['MAX_ORDERS_PER_DAY'],
        sql`SELECT count(*)::int FROM orders WHERE user_id = ${user_id} AND created_at >= ${clock.dayStart}::timestamp`,
      )} AS orders_today
    FROM (VALUES (1)) AS one(n) LEFT JOIN (${activeHaltQuery(user_id)}) h ON true`.execute(source.db);
  const { halt_id, user_id: halted, reason, halted_by, halted_at, limits, ...facts } = rows[0] as Row;
  const halt =
    halt_id === null ? undefined : ({ halt_id, user_id: halted, reason, halted_by, halted_at } as Halt);
  return { halt, facts: { ...facts, limits: limits ?? {} } };
}

/**
 * The highest of the marks of the user's open positions in a symbol and the price of the latest fill. A week after a
 * closed position was opened, its fills no longer tell what a share is worth.
 */
function lastPrice(userId: UserId, symbol: TradingSymbol, { now }: TradingDay): RawBuilder<unknown> {
  // An aggregate, because a LIMIT would invite a walk through the fills of everyone.
  return sql`
    SELECT greatest(max(p.current_price) FILTER (WHERE p.status = 'OPEN'), (array_agg(f.price ORDER BY f.seq DESC))[1])
    FROM positions p LEFT JOIN order_fills f ON f.position_id = p.position_id
    WHERE p.user_id = ${userId} AND p.symbol = ${symbol}
      AND (p.status = 'OPEN' OR p.opened_at > ${now}::timestamp - interval '7 days')`;
}

/** A fact that is read only if one of these rules is set. */
function needed(rules: readonly RuleType[], fact: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE WHEN EXISTS (SELECT FROM rules WHERE rule_type IN (${sql.join(rules)}))
    THEN (${fact}) END`;
}
