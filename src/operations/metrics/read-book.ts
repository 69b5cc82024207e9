import { type RawBuilder, sql } from 'kysely';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { IS_WORKING } from '../../trading/ledger/cancel-orders.ts';
import { IS_UNREAD_CRITICAL } from '../../trading/notifications/count-unread.ts';
import { beginOf, TODAY } from '../../trading/trading-day.ts';
import type { FamilyName, Sample } from './families.ts';

const RECENT = sql.lit('5 minutes');
const MOST_UNREAD = sql.lit(10_000);
/** A seal may be there before that of an entry with a smaller number whose transaction was still running: at most so many. */
const OVERTAKEN = sql.lit(1_000);

type Row = { name: FamilyName; label: string | null; of: string | null; value: number };

/**
 * What the book, the audit log and the broker's tables say at this moment, in one statement after the one that reads when the day began: it reads each table once, by the indexes
 * of what is open or of today. `staleBeforeMs` is the age of a mark that is stale. Needs step 11 of phase 4.
 */
export async function readBook(
  source: Source,
  { since, today, sealed }: Start,
  staleBeforeMs: number,
): Promise<Sample[]> {
  const now = sql`(now() AT TIME ZONE 'UTC')`;
  const age = (at: RawBuilder<unknown>) =>
    sql`coalesce(extract(epoch FROM clock_timestamp() AT TIME ZONE 'UTC' - ${at}), 0)`;
  const one = (name: FamilyName, value: RawBuilder<unknown>, from: RawBuilder<unknown>) =>
    sql`SELECT ${name}::text AS name, NULL::text AS label, NULL::text AS of, (${value})::float8 AS value FROM ${from}`;
  const by = (
    name: FamilyName,
    label: string,
    of: RawBuilder<unknown>,
    value: RawBuilder<unknown>,
    from: RawBuilder<unknown>,
  ) => sql`SELECT ${name}::text, ${label}::text, (${of})::text, (${value})::float8 FROM ${from}`;
  const { rows } = await sql<Row>`
    WITH placed AS MATERIALIZED (
      SELECT status, count(*) AS n FROM orders WHERE created_at >= ${since}::timestamp GROUP BY status
    ), working AS MATERIALIZED (
      SELECT status, count(*) AS n, min(created_at) AS oldest FROM orders WHERE ${IS_WORKING} GROUP BY status
    ), executed AS MATERIALIZED (
      SELECT count(*) AS n, sum(quantity * price) AS turnover, coalesce(sum(realized_pnl), 0) AS realized
      FROM order_fills WHERE executed_at >= ${since}::timestamp
    ), held AS MATERIALIZED (
      SELECT side, count(*) AS n, sum(quantity * current_price) AS gross, sum(unrealized_pnl) AS unrealized,
        count(*) FILTER (WHERE coalesce(marked_at, '-infinity') < ${now} - ${staleBeforeMs} * interval '1 millisecond') AS stale
      FROM positions WHERE status = 'OPEN' GROUP BY side
    ), charged AS MATERIALIZED (
      SELECT coalesce(sum(f.amount + coalesce(c.amount, 0)), 0) AS charges
      FROM cash_flows f LEFT JOIN cash_flows c ON c.user_id = f.user_id AND c.day = f.day AND c.corrects = f.flow_id
      WHERE f.kind = 'charge' AND f.day = ${today}::date
    ), rules AS MATERIALIZED (
      SELECT rule_type, count(*) FILTER (WHERE is_violated) AS violated,
        max(CASE WHEN rule_type = 'MIN_CAPITAL_THRESHOLD' THEN rule_value / nullif(current_value, 0)
          ELSE current_value / nullif(rule_value, 0) END) AS use
      FROM risk_rules GROUP BY rule_type
    ), unread AS MATERIALIZED (
      SELECT alert_level, count(*) AS n FROM (
        SELECT alert_level FROM notifications WHERE read_at IS NULL ORDER BY created_at DESC, notification_id DESC LIMIT ${MOST_UNREAD}
      ) AS newest WHERE alert_level < 'CRITICAL' GROUP BY alert_level
      UNION ALL SELECT 'CRITICAL', count(*) FROM notifications WHERE ${IS_UNREAD_CRITICAL}
    ), waiting AS MATERIALIZED (SELECT count(*) AS n, min(at) AS oldest FROM realtime_outbox),
    unsealed AS MATERIALIZED (
      SELECT count(*) AS n, min(at) AS oldest FROM audit_log l
      WHERE id > ${sealed}::bigint - ${OVERTAKEN}
        AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id)
    )
    ${sql.join(
      [
        one('traders', sql`count(*)`, sql`users WHERE enabled`),
        one('sessions_active', sql`count(*)`, sql`trading_sessions WHERE status = 'ACTIVE'`),
        by('orders_today', 'status', sql`status`, sql`n`, sql`placed`),
        by('orders_working', 'status', sql`status`, sql`n`, sql`working`),
        one('orders_oldest_working_seconds', age(sql`min(oldest)`), sql`working`),
        one('fills_today', sql`n`, sql`executed`),
        one('turnover_today_rupees', sql`coalesce(turnover, 0)`, sql`executed`),
        by('positions_open', 'side', sql`side`, sql`n`, sql`held`),
        one('positions_gross_rupees', sql`coalesce(sum(gross), 0)`, sql`held`),
        one('positions_stale_marks', sql`coalesce(sum(stale), 0)`, sql`held`),
        by('pnl_today_rupees', 'kind', sql`'realized'`, sql`realized`, sql`executed`),
        by('pnl_today_rupees', 'kind', sql`'charges'`, sql`charges`, sql`charged`),
        by('pnl_today_rupees', 'kind', sql`'net'`, sql`realized + charges`, sql`executed, charged`),
        by('pnl_today_rupees', 'kind', sql`'unrealized'`, sql`coalesce(sum(unrealized), 0)`, sql`held`),
        one(
          'drawdown_worst_ratio',
          sql`coalesce(max(max_drawdown), 0) / 100`,
          sql`trading_sessions WHERE status = 'ACTIVE'`,
        ),
        by('risk_violations', 'rule', sql`rule_type`, sql`violated`, sql`rules`),
        by('risk_use_worst_ratio', 'rule', sql`rule_type`, sql`coalesce(use, 0)`, sql`rules`),
        by(
          'halts_active',
          'scope',
          sql`CASE WHEN user_id IS NULL THEN 'all' ELSE 'user' END`,
          sql`count(*)`,
          sql`trading_halts WHERE resumed_at IS NULL GROUP BY 3`,
        ),
        by('notifications_unread', 'level', sql`alert_level`, sql`n`, sql`unread`),
        one('outbox_rows', sql`n`, sql`waiting`),
        one('outbox_oldest_seconds', age(sql`oldest`), sql`waiting`),
        one('audit_unsealed_rows', sql`n`, sql`unsealed`),
        one('audit_unsealed_oldest_seconds', age(sql`oldest`), sql`unsealed`),
        by(
          'commands_recent',
          'command',
          sql`command`,
          sql`count(*)`,
          sql`audit_log WHERE at > ${now} - interval ${RECENT} GROUP BY command`,
        ),
        one('broker_calls_unresolved', sql`count(*)`, sql`broker_calls WHERE resolved_at IS NULL`),
        one(
          'broker_token_expiry_timestamp_seconds',
          sql`extract(epoch FROM min(token_expires_at) AT TIME ZONE 'UTC')`,
          sql`broker_accounts WHERE token_expires_at > ${now} HAVING count(*) > 0`,
        ),
        one('broker_sync_problems', sql`count(*)`, sql`broker_accounts WHERE sync_problem <> ''`),
      ],
      sql` UNION ALL `,
    )}`.execute(source.db);
  return rows.map(({ name, label, of, value }) => ({
    name,
    labels: label === null ? {} : { [label]: of ?? '' },
    value,
  }));
}

/** When the trading day began, its date, and the last sealed audit entry: values, so that the server plans with what they are. */
interface Start {
  since: string;
  today: string;
  sealed: string;
}

/** Reads when the trading day began, and how far the audit log is sealed. */
export async function readStart(source: Source): Promise<Start> {
  const { rows } = await sql<Start>`
    SELECT ${beginOf(TODAY, source)} AS since, to_char(${TODAY}, 'YYYY-MM-DD') AS today,
      (SELECT coalesce(max(audit_id), 0) FROM audit_seals)::text AS sealed`.execute(source.db);
  const [start] = rows;
  if (!start) throw new Error('a statement without FROM gives one row');
  return start;
}
