import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { NO_RUPEES, toPaisa } from '../../domain/money.ts';
import { FLOWS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';
import { TODAY } from '../trading-day.ts';
import { readNotes } from './read-notes.ts';
import { tradedWithin } from './read-trades.ts';

/** Trading days, YYYY-MM-DD, both included, of one trader or all. */
export interface Span {
  since: string;
  until: string;
  user: UserId | undefined;
}

/** A trading day, and who traded on it to whom no charge of it was ever booked. */
interface UnbookedDay {
  day: string;
  traders: UserId[];
}

/** The days of a span on which someone traded to whom no charge of it was ever booked, the first day first. */
export async function unbookedDays(source: Source, { since, until, user }: Span): Promise<UnbookedDay[]> {
  if (!hasStep(source, FLOWS_SINCE_STEP)) return [];
  const { rows } = await sql<UnbookedDay>`
    SELECT to_char(d.day, 'YYYY-MM-DD') AS day, t.traders
    FROM generate_series(${since}::date::timestamp, ${until}::date::timestamp, interval '1 day') AS d(day)
    CROSS JOIN LATERAL (
      SELECT array_agg(DISTINCT o.user_id::text) AS traders
      FROM ${tradedWithin(source, sql`d.day`, user)} AND NOT EXISTS (
        SELECT FROM cash_flows c WHERE c.user_id = o.user_id AND c.kind = 'charge' AND c.day = d.day::date
          AND c.reference LIKE 'charges:%'
      )
    ) AS t WHERE t.traders IS NOT NULL ORDER BY d.day`.execute(source.db);
  return rows;
}

/**
 * Those of the last so many days before today, from the first on which charges were ever booked, that cost something; undefined
 * where none was ever booked. A charge of 0 is not booked, so what a day costs is computed, by the schedule of the settings.
 * What it has no rate for is not known to cost nothing. Of today, charges are booked in the evening.
 */
export async function missedDays(ctx: Context, days: number): Promise<string[] | undefined> {
  const source = await ctx.source();
  if (!hasStep(source, FLOWS_SINCE_STEP)) return undefined;
  const { rows } = await sql<{ since: string; until: string }>`
    SELECT to_char(greatest(min(day), ${TODAY} - ${days}::int), 'YYYY-MM-DD') AS since, to_char(${TODAY} - 1, 'YYYY-MM-DD') AS until
    FROM cash_flows WHERE kind = 'charge' AND reference LIKE 'charges:%' HAVING count(*) > 0`.execute(
    source.db,
  );
  const [span] = rows;
  if (!span) return undefined;
  const missed: string[] = [];
  for (const unbooked of await unbookedDays(source, { ...span, user: undefined }))
    if (await costs(ctx, source, unbooked)) missed.push(unbooked.day);
  return missed;
}

/** Whether a day costs one of its traders something, as far as is known. */
async function costs(ctx: Context, source: Source, { day, traders }: UnbookedDay): Promise<boolean> {
  try {
    const { notes, unrated } = await readNotes(ctx, source, { day, user: undefined }, undefined);
    return traders.some(
      (user) => unrated.has(user) || notes.get(user)?.some(({ total }) => toPaisa(total) !== NO_RUPEES),
    );
  } catch (error) {
    if (error instanceof Failure && error.code === 'NO_RATE') return true;
    throw error;
  }
}
