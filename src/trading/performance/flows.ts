import { type RawBuilder, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import { FLOWS_SINCE_STEP, hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';

/**
 * SQL for movements of money: `user_id`, `day`, and in rupees `paid_in`, `paid_out` (above 0), `charges` (below 0) and
 * `dividends`, one row each, and the `reference`. A correction counts to the kind that it counters, and has its reference. No row on a
 * schema without them.
 */
export function flowRows(schema: Schema, user: UserId | undefined): RawBuilder<unknown> {
  if (!hasStep(schema, FLOWS_SINCE_STEP))
    return sql`
      SELECT NULL::varchar AS user_id, NULL::date AS day, 0::numeric AS paid_in, 0::numeric AS paid_out, 0::numeric AS charges,
        0::numeric AS dividends, NULL::varchar AS reference WHERE false`;
  return sql`
    SELECT user_id, day, CASE kind WHEN 'deposit' THEN amount ELSE 0 END AS paid_in,
      CASE kind WHEN 'withdrawal' THEN -amount ELSE 0 END AS paid_out,
      CASE kind WHEN 'charge' THEN amount ELSE 0 END AS charges,
      CASE kind WHEN 'dividend' THEN amount ELSE 0 END AS dividends, reference
    FROM (
      SELECT f.user_id, f.day, f.amount, coalesce(c.kind, f.kind) AS kind, coalesce(c.reference, f.reference) AS reference
      FROM cash_flows f LEFT JOIN cash_flows c ON c.flow_id = f.corrects
      ${user === undefined ? sql`` : sql`WHERE f.user_id = ${user}`}
    ) AS flow`;
}
