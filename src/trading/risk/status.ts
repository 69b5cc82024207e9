import { type Kysely, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/** The risk status of one user, or of everyone if user_id is null. */
interface Status extends Record<string, unknown> {
  user_id: UserId | null;
  halted: boolean;
  rules: number;
  violated: number;
  reason: string | null;
  halted_by: string | null;
  halted_at: Instant | null;
  halt_id: string | null;
}

/**
 * The state of trading: whether a halt applies, the user's own before that of everyone, and how many rules are violated.
 * Up to `limit` users with a halt of their own or a rule, after the id `after`, by id; the halt of everyone comes
 * first.
 */
export async function readRiskStatus(
  db: Kysely<Database>,
  userId: UserId | undefined,
  limit: number,
  after: string | undefined,
): Promise<Status[]> {
  const { rows } = await sql<Status>`
    WITH halts AS (
      SELECT coalesce(user_id, '') AS user_id, halt_id, reason, halted_by, halted_at
      FROM trading_halts WHERE resumed_at IS NULL
    )
    SELECT nullif(user_id, '') AS user_id, coalesce(h.halt_id, e.halt_id) IS NOT NULL AS halted,
      coalesce(r.rules, 0) AS rules, coalesce(r.violated, 0) AS violated, coalesce(h.reason, e.reason) AS reason,
      coalesce(h.halted_by, e.halted_by) AS halted_by, coalesce(h.halted_at, e.halted_at) AS halted_at,
      coalesce(h.halt_id, e.halt_id) AS halt_id
    FROM (
      SELECT user_id, count(*)::int AS rules, count(*) FILTER (WHERE is_violated)::int AS violated
      FROM risk_rules GROUP BY user_id
    ) r FULL JOIN halts h USING (user_id) LEFT JOIN (SELECT halt_id, reason, halted_by, halted_at FROM halts WHERE user_id = '') e ON true
    WHERE ${userId === undefined ? sql`true` : sql`user_id IN ('', ${userId})`}
      AND ${after === undefined ? sql`true` : sql`user_id > ${after}`}
    ORDER BY 1 NULLS FIRST LIMIT ${limit}`.execute(db);
  return rows;
}
