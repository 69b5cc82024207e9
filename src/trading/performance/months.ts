import { sql } from 'kysely';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { localTime } from '../trading-day.ts';
import { flowRows } from './flows.ts';
import { ofScope, type Scope, withinDays } from './scope.ts';

/** A month of a user; rupees, charges below 0. */
export interface MonthRow {
  user_id: string;
  /** YYYY-MM. */
  month: string;
  opening_capital: string;
  paid_in: string;
  paid_out: string;
  realized_pnl: string;
  charges: string;
  dividends: string;
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
  return sql<MonthRow>`
    WITH moves AS (
      SELECT o.user_id, ${localTime(sql`f.executed_at`, source)}::date AS day, count(*) AS executions,
        sum(f.realized_pnl) AS realized, 0 AS paid_in, 0 AS paid_out, 0 AS charges, 0 AS dividends
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE ${ofScope(scope, 'o')} GROUP BY 1, 2
      UNION ALL SELECT user_id, day, 0, 0, paid_in, paid_out, charges, dividends
      FROM (${flowRows(source, scope.user)}) AS flows
    ), days AS (
      SELECT user_id, day, sum(executions) AS executions, sum(realized) AS realized, sum(paid_in) AS paid_in,
        sum(paid_out) AS paid_out, sum(charges) AS charges, sum(dividends) AS dividends,
        sum(realized + charges + dividends) AS earned, sum(realized + charges + dividends + paid_in - paid_out) AS moved
      FROM moves GROUP BY user_id, day
    ), valued AS (
      SELECT d.*, u.total_capital - sum(d.moved) OVER (PARTITION BY d.user_id ORDER BY d.day DESC) AS before
      FROM days d JOIN users u ON u.user_id = d.user_id
    ), rated AS (
      SELECT *, CASE
        WHEN before + paid_in > 0 THEN ((before + paid_in + earned) / (before + paid_in))::float8
        WHEN before + paid_in = 0 THEN 1 END AS growth
      FROM valued WHERE ${withinDays(sql`day`, scope)}
    )
    SELECT user_id, to_char(day, 'YYYY-MM') AS month, (array_agg(before ORDER BY day))[1]::text AS opening_capital,
      sum(paid_in)::numeric(20, 2)::text AS paid_in, sum(paid_out)::numeric(20, 2)::text AS paid_out,
      sum(realized)::numeric(20, 2)::text AS realized_pnl, sum(charges)::numeric(20, 2)::text AS charges,
      sum(dividends)::numeric(20, 2)::text AS dividends, sum(earned)::numeric(20, 2)::text AS net_pnl,
      (array_agg(before + moved ORDER BY day DESC))[1]::text AS closing_capital, sum(executions)::int AS executions,
      CASE WHEN count(growth) < count(*) OR min(growth) < 0 THEN NULL WHEN min(growth) = 0 THEN -100
        ELSE (exp(sum(ln(nullif(greatest(growth, 0), 0)))) - 1) * 100 END AS return
    FROM rated GROUP BY user_id, to_char(day, 'YYYY-MM') ORDER BY user_id, month`;
}
