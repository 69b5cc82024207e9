import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { MarketDay } from '../../domain/trading-calendar.ts';
import { INSTRUMENTS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';

/** A day of the calendar of an exchange, and what says so. */
export type StoredDay = MarketDay & { exchange: string; source: string };

/** The days of an exchange from one to another, both included, YYYY-MM-DD. Throws PHASE_NEEDED. */
export async function readDays(
  source: Source,
  exchange: string,
  { from, to }: { from: string; to: string },
): Promise<StoredDay[]> {
  needStep(source, INSTRUMENTS_SINCE_STEP);
  const { rows } = await sql<StoredDay>`
    SELECT exchange, to_char(day, 'YYYY-MM-DD') AS day, name, kind, to_char(opens, 'HH24:MI') AS opens,
      to_char(closes, 'HH24:MI') AS closes, source
    FROM market_days WHERE exchange = ${exchange} AND day BETWEEN ${from}::date AND ${to}::date ORDER BY day`.execute(
    source.db,
  );
  return rows;
}

/** Writes days; those that are as they were are not written. Returns how many are new and how many differ. */
export async function writeDays({ db }: Trx, exchange: string, days: readonly MarketDay[], source: string) {
  const types = { day: 'text', name: 'text', kind: 'text', opens: 'text', closes: 'text' } as const;
  const { rows } = await sql<{ added: number; changed: number }>`
    WITH written AS (
      INSERT INTO market_days AS d (exchange, day, name, kind, opens, closes, source)
      SELECT ${exchange}, day::date, name, kind, opens::time, closes::time, ${source} FROM ${unnest('g', types, days)}
      ON CONFLICT (exchange, day) DO UPDATE
        SET (name, kind, opens, closes, source) = (excluded.name, excluded.kind, excluded.opens, excluded.closes, excluded.source)
        WHERE (d.name, d.kind, d.opens, d.closes) IS DISTINCT FROM (excluded.name, excluded.kind, excluded.opens, excluded.closes)
      RETURNING (xmax = 0) AS is_added
    )
    SELECT count(*) FILTER (WHERE is_added)::int AS added, count(*) FILTER (WHERE NOT is_added)::int AS changed
    FROM written`.execute(db);
  return rows[0] ?? { added: 0, changed: 0 };
}

/** Deletes the days of the years of some days that are not among them. Returns them. */
export async function removeOthers(
  { db }: Trx,
  exchange: string,
  days: readonly MarketDay[],
): Promise<string[]> {
  const years = [...new Set(days.map(({ day }) => Number(day.slice(0, 4))))];
  const { rows } = await sql<{ day: string }>`
    DELETE FROM market_days WHERE exchange = ${exchange} AND extract(year FROM day) = ANY(${years}::int[])
      AND NOT day = ANY(${days.map(({ day }) => day)}::text[]::date[])
    RETURNING to_char(day, 'YYYY-MM-DD') AS day`.execute(db);
  return rows.map(({ day }) => day).sort();
}
