import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { ledgerDays } from './ledger-days.ts';

/** A day as it was taken down, of all users who are asked for. */
export interface SnapshotDay {
  /** YYYY-MM-DD. */
  day: string;
  users: number;
  /** How many of their rows are new or differ. */
  written: number;
  /** How many hold a position without a price of the day. */
  incomplete: number;
  /** How many have traded since, so that what they held on the day is not known from their positions. */
  moved_on: number;
  /** Symbols without a price of the day, the first of them. */
  unpriced: string[];
  open_positions: number;
  /** Rupees, of all of them; the value of positions is null where the day is not complete. */
  closing_capital: Rupees;
  unrealized_pnl: Rupees | null;
}

/** What is written. */
interface Snapshots {
  /** Days, and from when on a mark is one of them. */
  days: readonly { day: string; pricedFrom: Instant }[];
  user: UserId | undefined;
  /**
   * SQL for the value of open positions, of users and days of `asked(day)` that have any: `user_id`, `day`, `open_positions`,
   * `unpriced` (a JSON list of symbols, NULL if there is none), `unrealized`, `long_value`, `short_value` in rupees, `priced_at`.
   */
  valued: RawBuilder<unknown>;
  /** CTEs that it needs, and `begun` with the day from which on a user is there: `user_id`, `day`. */
  with: RawBuilder<unknown>;
  /** A condition on `n.later`, executions after the day: that what is held now was not held on the day. */
  hasMovedOn: RawBuilder<unknown>;
  pricedBy: string;
}

const MAX_NAMED = 20;
// What was priced by a file of closes has no time of a mark.
const WAS_PRICED_AT_END = sql`(s.priced_at >= a.priced_from OR (s.priced_at IS NULL AND s.open_positions > 0))`;
const COLUMNS =
  `capital realized_pnl paid_in paid_out charges dividends executions open_positions unrealized_pnl long_value short_value
  priced_by priced_at`.split(/\s+/);
const WRITTEN = sql.join(COLUMNS.map((column) => sql.ref(column)));
const asWritten = (row: string) => sql.join(COLUMNS.map((column) => sql.ref(`${row}.${column}`)));

/**
 * Writes what users were worth on some days, in one statement whatever their number: rows that are as they were are not written
 * again. A day that was complete stays, unless something moved since: prices get lost with time. Marks of the midst of the day are
 * none of its end, and do not stay. Needs step 12 of phase 4.
 */
export async function writeSnapshots(
  trx: Trx,
  { days, user, valued, hasMovedOn, pricedBy, ...given }: Snapshots,
): Promise<SnapshotDay[]> {
  const { rows } = await sql<SnapshotDay>`
    WITH asked AS (
      SELECT day::date AS day, "pricedFrom"::timestamp AS priced_from
      FROM ${unnest('d', { day: 'text', pricedFrom: 'timestamp' }, days)}
    ), ${given.with}, ${ledgerDays(trx, user)}, valued AS (${valued}),
    rows AS MATERIALIZED (
      SELECT n.*, s.user_id IS NULL AS is_new, ${hasMovedOn} AS has_moved_on,
        (s.unpriced::text = '[]' AND n.unpriced <> '[]' AND (s.capital, s.executions) = (n.capital, n.executions)
          AND ${WAS_PRICED_AT_END}) IS TRUE AS is_kept,
        (${asWritten('s')}, s.unpriced::text) IS NOT DISTINCT FROM (${asWritten('n')}, n.unpriced) AS is_same
      FROM (
        SELECT l.user_id, l.day, l.later, l.capital::numeric(15, 2) AS capital, l.realized::numeric(15, 2) AS realized_pnl,
          l.paid_in::numeric(15, 2) AS paid_in, l.paid_out::numeric(15, 2) AS paid_out, l.charges::numeric(15, 2) AS charges,
          l.dividends::numeric(15, 2) AS dividends, l.executions, coalesce(v.open_positions, 0) AS open_positions,
          coalesce(v.unpriced::text, '[]') AS unpriced, v.priced_at, ${pricedBy}::text AS priced_by,
          CASE WHEN v.unpriced IS NULL THEN coalesce(v.unrealized, 0)::numeric(24, 2) END AS unrealized_pnl,
          CASE WHEN v.unpriced IS NULL THEN coalesce(v.long_value, 0)::numeric(24, 2) END AS long_value,
          CASE WHEN v.unpriced IS NULL THEN coalesce(v.short_value, 0)::numeric(24, 2) END AS short_value
        FROM ledger l LEFT JOIN valued v ON v.user_id = l.user_id AND v.day = l.day
        WHERE l.is_asked
      ) AS n JOIN asked a ON a.day = n.day LEFT JOIN equity_snapshots s ON s.user_id = n.user_id AND s.day = n.day
    ), written AS (
      INSERT INTO equity_snapshots AS s (user_id, day, ${WRITTEN}, unpriced)
      SELECT user_id, day, ${WRITTEN}, unpriced::json FROM rows
      WHERE NOT (is_kept OR is_same OR has_moved_on) ORDER BY user_id, day
      ON CONFLICT (user_id, day) DO UPDATE SET (${WRITTEN}, unpriced, taken_at) =
        (${asWritten('excluded')}, excluded.unpriced, clock_timestamp())
      RETURNING s.day
    ), counted AS (SELECT day, count(*)::int AS written FROM written GROUP BY day),
    missing AS (
      SELECT day, (array_agg(symbol ORDER BY symbol))[1:${sql.lit(MAX_NAMED)}] AS symbols FROM (
        SELECT DISTINCT r.day, e.symbol COLLATE "C" AS symbol
        FROM rows r CROSS JOIN LATERAL json_array_elements_text(r.unpriced::json) AS e (symbol)
        WHERE r.unpriced <> '[]' AND NOT (r.is_kept OR r.has_moved_on)
      ) AS each GROUP BY day
    )
    SELECT to_char(r.day, 'YYYY-MM-DD') AS day, count(*)::int AS users, coalesce(c.written, 0) AS written,
      count(*) FILTER (WHERE ${IS_INCOMPLETE})::int AS incomplete,
      count(*) FILTER (WHERE r.has_moved_on)::int AS moved_on, coalesce(m.symbols, '{}') AS unpriced,
      sum(r.open_positions)::int AS open_positions, sum(r.capital)::numeric(24, 2)::text AS closing_capital,
      CASE WHEN count(*) FILTER (WHERE r.is_kept OR r.has_moved_on OR ${IS_INCOMPLETE}) = 0
        THEN sum(r.unrealized_pnl)::numeric(24, 2)::text END AS unrealized_pnl
    FROM rows r LEFT JOIN counted c ON c.day = r.day LEFT JOIN missing m ON m.day = r.day
    GROUP BY r.day, c.written, m.symbols ORDER BY r.day`.execute(trx.db);
  return rows;
}

const IS_INCOMPLETE = sql`r.unpriced <> '[]' AND NOT (r.is_kept OR r.has_moved_on)`;

/** How many rows of some days are new or differ. */
export const writtenOf = (days: readonly SnapshotDay[]): number =>
  days.reduce((sum, each) => sum + each.written, 0);
