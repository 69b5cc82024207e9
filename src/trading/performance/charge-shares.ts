import { type RawBuilder, sql } from 'kysely';
import { DERIVATIVES, FUTURE, OPTION } from '../../domain/charges/segment.ts';
import type { Exchange } from '../../domain/exchanges.ts';
import type { UserId } from '../../domain/id.ts';
import { BROKER_SINCE_STEP, hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import { localTime } from '../trading-day.ts';
import { flowRows } from './flows.ts';

/** A condition on an order `o`: that a position was adjusted by it, of which no exchange knows, and which costs nothing. */
export const isAdjusting = (schema: Schema): RawBuilder<unknown> =>
  hasStep(schema, BROKER_SINCE_STEP) ? sql`(o.origin IS NOT DISTINCT FROM 'adjust')` : sql`false`;

/**
 * CTEs that end in `shares`: what of the charges is that of an execution (`seq`, `charge`, below 0 or null where none is booked), of
 * the days of those in `parts` at least. What is booked for an exchange is shared out among the executions there by value, and
 * the shares come to it. What names none, or one at which nothing was executed that day, is shared out among all of the day. `exchange`
 * is that of orders which name none.
 */
export const chargeShares = (
  schema: Schema,
  user: UserId | undefined,
  exchange: Exchange,
): RawBuilder<unknown> => sql`
  span AS MATERIALIZED (
    SELECT min(executed_at) - interval '1 day' AS since, max(executed_at) + interval '1 day' AS until FROM parts
  ), booked AS MATERIALIZED (
    SELECT user_id, day, ${EXCHANGE_OF_BOOKING} AS exchange, charges FROM (${flowRows(schema, user)}) AS flows
    WHERE charges <> 0 AND day >= (SELECT since::date FROM span) AND day <= (SELECT until::date + 1 FROM span)
  ), shares AS (
    SELECT seq, CASE WHEN due <> 0 OR common <> 0 THEN round(due * so_far / whole, 2) - round(due * (so_far - worth) / whole, 2)
      + round(common * of_day_so_far / of_day, 2) - round(common * (of_day_so_far - worth) / of_day, 2) END AS charge
    FROM (
      SELECT x.*, sum(worth) OVER days AS of_day, sum(worth) OVER (days ORDER BY seq) AS of_day_so_far,
        sum(CASE WHEN exchange IS NULL OR whole = 0 THEN charges ELSE 0 END) OVER days AS common
      FROM (
        SELECT e.*, sum(charges) OVER places AS due, sum(worth) OVER places AS whole, sum(worth) OVER (places ORDER BY seq) AS so_far
        FROM (
          SELECT f.seq, o.user_id, ${localTime(sql`f.executed_at`, schema)}::date AS day, ${exchangeOf(schema, exchange)} AS exchange,
            f.price::numeric * f.quantity AS worth, 0::numeric AS charges
          FROM order_fills f JOIN orders o ON o.order_id = f.order_id
          WHERE NOT ${isAdjusting(schema)} AND EXISTS (SELECT FROM booked) ${ofUser('o', user)}
            AND f.executed_at >= (SELECT since FROM span) AND f.executed_at <= (SELECT until FROM span)
          UNION ALL SELECT NULL, user_id, day, exchange, 0, charges FROM booked
        ) AS e WINDOW places AS (PARTITION BY user_id, day, exchange)
      ) AS x WINDOW days AS (PARTITION BY user_id, day)
    ) AS y WHERE seq IS NOT NULL
  )`;

const EXCHANGE_OF_BOOKING = sql`CASE WHEN reference LIKE 'charges:%' THEN split_part(reference, ':', 3) END`;

/** SQL for the exchange at which an order `o` is traded and charged: derivatives have one of their own. */
function exchangeOf(schema: Schema, exchange: Exchange): RawBuilder<unknown> {
  const named = hasStep(schema, BROKER_SINCE_STEP)
    ? sql`coalesce(o.exchange, ${exchange})`
    : sql`${exchange}::text`;
  const cases = Object.entries(DERIVATIVES).map(([of, its]) => sql`WHEN ${of} THEN ${its}`);
  return sql`CASE WHEN o.symbol ~ ${FUTURE} OR o.symbol ~ ${OPTION}
    THEN CASE ${named} ${sql.join(cases, sql` `)} ELSE ${named} END ELSE ${named} END`;
}
