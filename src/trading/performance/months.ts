import { sql } from 'kysely';
import { FLOWS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { localTime } from '../trading-day.ts';
import { flowRows } from './flows.ts';
import { ofScope, type Scope, withinDays } from './scope.ts';

/** A month of a user; rupees, charges below 0. */
export interface MonthRow {
  user_id: string;
  /** YYYY-MM. */
  month: string;
  opening_capital: string;
  /** This and other flows: null on a schema that has none. */
  paid_in: string | null;
  paid_out: string | null;
  realized_pnl: string;
  charges: string | null;
  dividends: string | null;
  net_pnl: string;
  closing_capital: string;
  executions: number;
  /** Time-weighted, percent; null where the capital was below 0, or more than all was lost. */
  return: number | null;
}

/**
 * The months in which something moved, of one user or of all: one statement. Capital is that of today without all that
 * came since. Days on which nothing moves return 0.
 */
export function monthsQuery(source: Source, scope: Scope) {
  const isKnown = hasStep(source, FLOWS_SINCE_STEP);
  const flow = (column: string) =>
    isKnown ? sql`${sql.ref(column)}::numeric(20, 2)::text` : sql`NULL::text`;
  return sql<MonthRow>`
    WITH traded AS (
      SELECT o.user_id, ${localTime(sql`f.executed_at`, source)}::date AS day, count(*) AS executions, sum(f.realized_pnl) AS realized
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE ${ofScope(scope, 'o')} GROUP BY 1, 2
    ), paid AS (
      SELECT user_id, day, sum(paid_in) AS paid_in, sum(paid_out) AS paid_out, sum(charges) AS charges, sum(dividends) AS dividends
      FROM (${flowRows(source, scope.user)}) AS flows GROUP BY 1, 2
    ), days AS (
      SELECT user_id, day, coalesce(executions, 0) AS executions, coalesce(realized, 0) AS realized, coalesce(paid_in, 0) AS paid_in,
        coalesce(paid_out, 0) AS paid_out, coalesce(charges, 0) AS charges, coalesce(dividends, 0) AS dividends
      FROM traded FULL JOIN paid USING (user_id, day)
    ), valued AS (
      SELECT d.*, earned, moved,
        u.total_capital - sum(moved) OVER (PARTITION BY d.user_id ORDER BY d.day DESC ROWS UNBOUNDED PRECEDING) AS before
      FROM days d JOIN users u ON u.user_id = d.user_id
      CROSS JOIN LATERAL (SELECT realized + charges + dividends AS earned) AS e
      CROSS JOIN LATERAL (SELECT earned + paid_in - paid_out AS moved) AS m
    ), rated AS (
      SELECT *, date_trunc('month', day)::date AS month, CASE
        WHEN before + paid_in > 0 THEN 1 + earned::float8 / (before + paid_in)::float8
        WHEN before + paid_in = 0 AND earned = 0 THEN 1 END AS growth
      FROM valued WHERE ${withinDays(sql`day`, scope)}
    )
    SELECT user_id, to_char(month, 'YYYY-MM') AS month, opening::text AS opening_capital,
      ${flow('paid_in')} AS paid_in, ${flow('paid_out')} AS paid_out, realized::numeric(20, 2)::text AS realized_pnl,
      ${flow('charges')} AS charges, ${flow('dividends')} AS dividends, earned::numeric(20, 2)::text AS net_pnl,
      (opening + moved)::text AS closing_capital, executions,
      CASE WHEN is_undefined THEN NULL WHEN least_growth = 0 THEN -100 ELSE (exp(logarithm) - 1) * 100 END AS return
    FROM (
      SELECT user_id, month, (array_agg(before ORDER BY day))[1] AS opening, sum(paid_in) AS paid_in, sum(paid_out) AS paid_out,
        sum(realized) AS realized, sum(charges) AS charges, sum(dividends) AS dividends, sum(earned) AS earned, sum(moved) AS moved,
        sum(executions)::int AS executions, count(growth) < count(*) OR min(growth) < 0 AS is_undefined, min(growth) AS least_growth,
        sum(ln(nullif(greatest(growth, 0), 0))) AS logarithm
      FROM rated GROUP BY user_id, month
    ) AS months ORDER BY user_id, months.month`;
}
