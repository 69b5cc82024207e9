import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Schema } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import { flowRows } from '../performance/flows.ts';
import { beginOf, localTime } from '../trading-day.ts';

/**
 * CTEs for what the ledger has of each user of `begun(user_id, day)` on each day of `asked(day)` from that day on, and on those with
 * executions: `ledger` with `user_id`, `day`, `is_asked`, the
 * capital at the end of the day, what moved it, in rupees, `executions` and how many came `later`. Capital is that of now without
 * all that came since, so that only what is as new as the first day is read.
 */
export const ledgerDays = (schema: Schema, user: UserId | undefined) => sql`
  moves AS (
    SELECT o.user_id, ${localTime(sql`f.executed_at`, schema)}::date AS day, 1 AS executions, f.realized_pnl AS realized,
      0 AS paid_in, 0 AS paid_out, 0 AS charges, 0 AS dividends
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id
    WHERE f.executed_at >= ${beginOf(sql`(SELECT min(day) FROM asked)`, schema)} ${ofUser('o', user)}
    UNION ALL SELECT user_id, day, 0, 0, paid_in, paid_out, charges, dividends FROM (${flowRows(schema, user)}) AS flows
    WHERE day >= (SELECT min(day) FROM asked)
    UNION ALL SELECT b.user_id, a.day, NULL, 0, 0, 0, 0, 0 FROM begun b JOIN asked a ON a.day >= b.day
  ), grid AS (
    SELECT user_id, day, (count(*) > count(executions) OR (sum(executions) > 0 AND day IN (SELECT day FROM asked))) AS is_asked, coalesce(sum(executions), 0)::int AS executions,
      sum(realized) AS realized, sum(paid_in) AS paid_in, sum(paid_out) AS paid_out, sum(charges) AS charges,
      sum(dividends) AS dividends, sum(realized + paid_in - paid_out + charges + dividends) AS moved
    FROM moves GROUP BY user_id, day
  ), ledger AS (
    SELECT g.*, u.total_capital - (sum(g.moved) OVER since - g.moved) AS capital,
      sum(g.executions) OVER since - g.executions AS later
    FROM grid g JOIN users u ON u.user_id = g.user_id
    WINDOW since AS (PARTITION BY g.user_id ORDER BY g.day DESC)
  )`;
