import { sql } from 'kysely';
import { hasStep, type Schema, SNAPSHOTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { localTime } from '../trading-day.ts';
import { hasCapital, ofScope, quarterOf, type Scope } from './scope.ts';

/** A CTE for the lives of positions by user: the days `opened` and `closed`, NULL for one that is open. */
export const lives = (scope: Scope, schema: Schema) => sql`
  lives AS MATERIALIZED (
    SELECT user_id, opened, greatest(opened, closed) AS closed FROM (
      SELECT DISTINCT p.user_id, ${quarterOf('p.opened_at')} AS first, ${quarterOf('p.closed_at')} AS last
      FROM positions p WHERE p.status = 'CLOSED' AND ${ofScope(scope, 'p')}
    ) AS quarters CROSS JOIN LATERAL (
      SELECT ${localTime(sql`first`, schema)}::date AS opened, ${localTime(sql`last`, schema)}::date AS closed
    ) AS days
    UNION ALL
    SELECT p.user_id, ${localTime(sql`min(p.opened_at)`, schema)}::date, NULL FROM positions p
    WHERE p.status = 'OPEN' AND ${ofScope(scope, 'p')} GROUP BY p.user_id
  )`;

/** SQL for when a position was held, as JSON. */
export const HELD = sql`
  SELECT json_agg(json_build_object('start', lower(span), 'end', upper(span)) ORDER BY span)::text
  FROM (SELECT unnest(range_agg(daterange(opened, closed, '[]'))) AS span FROM lives) AS spans`;

/** SQL for `Marks` as JSON: a snapshot counts that is complete, and was taken when all executions of its day were in. */
export function marks(schema: Schema, scope: Scope) {
  if (!hasCapital(scope) || !hasStep(schema, SNAPSHOTS_SINCE_STEP)) return sql`SELECT NULL::text`;
  const taken = sql`equity_snapshots s WHERE ${ofScope(scope, 's')}`;
  return sql`
  WITH nights AS (
    SELECT user_id, range_agg(daterange(opened, closed)) AS held FROM lives GROUP BY user_id
  ), executed AS (
    SELECT e.user_id, ${localTime(sql`e.quarter`, schema)}::date AS day, sum(e.executions) AS executions FROM (
      SELECT o.user_id, ${quarterOf('f.executed_at')} AS quarter, count(*) AS executions
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      WHERE EXISTS (SELECT FROM ${taken}) AND ${ofScope(scope, 'o')} GROUP BY 1, 2
    ) AS e GROUP BY 1, 2
  )
  SELECT json_build_object('holders', coalesce((
    SELECT json_agg(json_build_object('day', day, 'more', more) ORDER BY day) FROM (
      SELECT day, sum(more) AS more FROM (
        SELECT lower(night) AS day, 1 AS more FROM nights CROSS JOIN LATERAL unnest(held) AS night
        UNION ALL
        SELECT upper(night), -1 FROM nights CROSS JOIN LATERAL unnest(held) AS night WHERE NOT upper_inf(night)
      ) AS edges GROUP BY day
    ) AS days
  ), '[]'), 'snapshots', coalesce((
    SELECT json_agg(json_build_object('day', day, 'users', users, 'unrealized', unrealized) ORDER BY day) FROM (
      SELECT s.day, count(*) AS users, sum(s.unrealized_pnl) AS unrealized
      FROM equity_snapshots s JOIN nights n ON n.user_id = s.user_id AND n.held @> s.day
      LEFT JOIN executed e ON e.user_id = s.user_id AND e.day = s.day
      WHERE ${ofScope(scope, 's')} AND s.unpriced::text = '[]' AND s.executions = coalesce(e.executions, 0) GROUP BY s.day
    ) AS days
  ), '[]'))::text`;
}
