import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import { ACTIONS_SINCE_STEP, hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';
import { chainOf } from '../ledger/product.ts';
import { ofUser } from '../of-user.ts';
import { flowRows } from '../performance/flows.ts';
import { beginOf, localTime } from '../trading-day.ts';

/**
 * CTEs for what users held at the end of each day of `asked(day)`, of executions alone, and `begun` with the first
 * day on which they held something or had money booked. A position of a
 * user, symbol, strategy and product is at each moment the shares that were bought and sold, what was paid and received for them, and what was
 * realized. A corporate action counts from its ex-date, with what it changed of shares and cost. What was taken over from another program counts from the day on which it was; before it is not known (NULL).
 */
export const heldOn = (schema: Schema, user: UserId | undefined) => sql`
  daily AS (
    SELECT user_id, symbol, strategy, product, day, sum(moved) AS moved, sum(paid) AS paid, sum(realized) AS realized
    FROM (
      SELECT k.*, ${localTime(sql`f.executed_at`, schema)}::date AS day, m.moved, m.moved * f.price::numeric AS paid,
        f.realized_pnl AS realized
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      CROSS JOIN LATERAL (SELECT ${chainOf(schema, 'o')}) AS k (user_id, symbol, strategy, product)
      CROSS JOIN LATERAL (SELECT CASE o.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END AS moved) AS m
      WHERE f.position_id IS NOT NULL AND f.executed_at < ${beginOf(sql`(SELECT max(day) + 1 FROM asked)`, schema)} ${ofUser('o', user)}
      UNION ALL
      SELECT k.*, ${localTime(sql`l.adopted_at`, schema)}::date, l.quantity, l.quantity * l.price::numeric, 0
      FROM ledger_openings l JOIN positions p ON p.position_id = l.id
      CROSS JOIN LATERAL (SELECT ${chainOf(schema, 'p')}) AS k (user_id, symbol, strategy, product)
      WHERE l.kind = 'position' AND l.undone_at IS NULL AND l.quantity <> 0 ${ofUser('l', user)}
      ${acted(schema, user)}
    ) AS moves GROUP BY user_id, symbol, strategy, product, day
  ), stands AS (
    SELECT user_id, symbol, day, coalesce(lead(day) OVER chain - 1, 'infinity') AS last, sum(moved) OVER chain AS quantity,
      sum(paid) OVER chain AS paid, sum(realized) OVER chain AS realized
    FROM daily WINDOW chain AS (PARTITION BY user_id, symbol, strategy, product ORDER BY day)
  ), held AS (
    SELECT s.user_id, s.symbol, a.day, s.quantity, s.paid, s.realized
    FROM stands s CROSS JOIN (SELECT min(day) AS first, max(day) AS last FROM asked) AS e
    CROSS JOIN LATERAL generate_series(greatest(s.day, e.first)::timestamp, least(s.last, e.last)::timestamp, interval '1 day') AS g (at)
    JOIN asked a ON a.day = g.at::date WHERE s.quantity <> 0
    UNION ALL
    SELECT l.user_id, p.symbol, a.day, NULL, NULL, NULL
    FROM ledger_openings l JOIN positions p ON p.position_id = l.id
    JOIN asked a ON a.day >= ${localTime(sql`p.opened_at`, schema)}::date AND a.day < ${localTime(sql`l.adopted_at`, schema)}::date
    WHERE l.kind = 'position' AND l.undone_at IS NULL AND l.quantity <> 0 ${ofUser('l', user)}
  ), begun AS (
    SELECT user_id, min(day) AS day FROM (
      SELECT user_id, day FROM daily
      UNION ALL SELECT l.user_id, ${localTime(sql`p.opened_at`, schema)}::date
      FROM ledger_openings l JOIN positions p ON p.position_id = l.id
      WHERE l.kind = 'position' AND l.undone_at IS NULL AND l.quantity <> 0 ${ofUser('l', user)}
      UNION ALL SELECT user_id, day FROM (${flowRows(schema, user)}) AS flows
    ) AS days GROUP BY user_id
  )`;

/** SQL for what corporate actions made of positions; nothing on a schema without them. */
const acted = (schema: Schema, user: UserId | undefined) =>
  hasStep(schema, ACTIONS_SINCE_STEP)
    ? sql`UNION ALL
      SELECT k.*, ${localTime(sql`e.effective_at`, schema)}::date, e.shares,
        CASE p.side WHEN 'LONG' THEN e.cost ELSE -e.cost END, 0
      FROM corporate_action_effects e JOIN positions p ON p.position_id = e.position_id
      CROSS JOIN LATERAL (SELECT ${chainOf(schema, 'p')}) AS k (user_id, symbol, strategy, product)
      WHERE e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0) ${ofUser('e', user)}`
    : sql``;

/** SQL for what they were worth at `prices(day, symbol, price)`. Capital has what was realized, so that the rest is unrealized. */
export const AT_CLOSES = sql`
  SELECT h.user_id, h.day, count(*)::int AS open_positions,
    json_agg(DISTINCT h.symbol ORDER BY h.symbol) FILTER (WHERE v.value IS NULL) AS unpriced,
    sum(round(v.value - h.paid - h.realized, 2)) AS unrealized, sum(v.value) FILTER (WHERE h.quantity > 0) AS long_value,
    -sum(v.value) FILTER (WHERE h.quantity < 0) AS short_value, NULL::timestamp AS priced_at
  FROM held h LEFT JOIN prices p ON p.day = h.day AND p.symbol = h.symbol
  CROSS JOIN LATERAL (SELECT round(h.quantity * p.price, 2) AS value) AS v
  GROUP BY h.user_id, h.day`;
