import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import { FLOWS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { TODAY } from '../trading-day.ts';
import { tradedWithin } from './read-trades.ts';

/** Trading days, YYYY-MM-DD, both included, of one trader or all. */
export interface Span {
  since: string;
  until: string;
  user: UserId | undefined;
}

/** A trading day of which charges were never booked to some that traded. */
export interface UnbookedDay {
  day: string;
  traders: number;
}

/** The days of a span on which someone traded to whom no charge of it was ever booked, the first day first. */
export async function unbookedDays(source: Source, { since, until, user }: Span): Promise<UnbookedDay[]> {
  if (!hasStep(source, FLOWS_SINCE_STEP)) return [];
  const { rows } = await sql<UnbookedDay>`
    SELECT to_char(d.day, 'YYYY-MM-DD') AS day, t.traders
    FROM generate_series(${since}::date::timestamp, ${until}::date::timestamp, interval '1 day') AS d(day)
    CROSS JOIN LATERAL (
      SELECT count(DISTINCT o.user_id)::int AS traders
      FROM ${tradedWithin(source, sql`d.day`, user)} AND NOT EXISTS (
        SELECT FROM cash_flows c WHERE c.user_id = o.user_id AND c.kind = 'charge' AND c.day = d.day::date
          AND c.reference LIKE 'charges:%'
      )
    ) AS t WHERE t.traders > 0 ORDER BY d.day`.execute(source.db);
  return rows;
}

/**
 * Those of the last so many days before today, from the first on which charges were ever booked; undefined where none was.
 * Of today, they are booked in the evening.
 */
export async function missedDays(source: Source, days: number): Promise<UnbookedDay[] | undefined> {
  if (!hasStep(source, FLOWS_SINCE_STEP)) return undefined;
  const { rows } = await sql<{ since: string; until: string }>`
    SELECT to_char(greatest(min(day), ${TODAY} - ${days}::int), 'YYYY-MM-DD') AS since, to_char(${TODAY} - 1, 'YYYY-MM-DD') AS until
    FROM cash_flows WHERE kind = 'charge' AND reference LIKE 'charges:%' HAVING count(*) > 0`.execute(
    source.db,
  );
  const [span] = rows;
  return span && (await unbookedDays(source, { ...span, user: undefined }));
}
