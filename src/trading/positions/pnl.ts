import { type Kysely, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { PnlGrouping } from '../../domain/pnl-grouping.ts';
import type { Database } from '../../platform/postgres/tables.ts';

interface Range {
  user: UserId | undefined;
  since: Instant | undefined;
  until: Instant | undefined;
}

interface PnlRow {
  /** A date, a month, a symbol, a strategy (null: none) or a user. */
  key: string | null;
  fills: number;
  /** Rupees. */
  realized_pnl: Rupees;
  /** Rupees; null for a period, as open positions belong to none. */
  unrealized_pnl: Rupees | null;
}

const PERIODS = { day: 'YYYY-MM-DD', week: 'YYYY-MM-DD', month: 'YYYY-MM' } as const;
const COLUMNS = {
  symbol: sql`symbol`,
  strategy: sql`strategy_id`,
  user: sql`user_id`,
} as const;

/** Profit and loss by period of execution, or by symbol, strategy or user; one statement. */
export async function pnlBy(
  db: Kysely<Database>,
  by: PnlGrouping,
  range: Range,
  timeZone: string,
): Promise<PnlRow[]> {
  const rows =
    by === 'day' || by === 'week' || by === 'month'
      ? sql<PnlRow>`
        SELECT to_char(date_trunc(${by}, at AT TIME ZONE 'UTC' AT TIME ZONE ${timeZone}), ${PERIODS[by]}) AS key,
          sum(fills)::int AS fills, sum(realized_pnl) AS realized_pnl, NULL AS unrealized_pnl
        FROM (${traded(range)}) AS t GROUP BY key ORDER BY key`
      : sql<PnlRow>`
        SELECT key, sum(fills)::int AS fills, round(sum(realized), 2) AS realized_pnl,
          round(sum(unrealized), 2) AS unrealized_pnl
        FROM (
          SELECT ${COLUMNS[by]} AS key, fills, realized_pnl AS realized, 0 AS unrealized
          FROM (${traded(range)}) AS t
          UNION ALL
          SELECT ${COLUMNS[by]}, 0, 0, round(unrealized_pnl::numeric, 2)
          FROM positions WHERE status = 'OPEN' ${range.user === undefined ? sql`` : sql`AND user_id = ${range.user}`}
        ) AS parts GROUP BY key ORDER BY realized_pnl DESC, key`;
  return (await rows.execute(db)).rows;
}

/** What was realized when: by executions, and by what other programs wrote without any. */
function traded({ user, since, until }: Range) {
  const within = sql`${user === undefined ? sql`` : sql`AND user_id = ${user}`}
      ${since === undefined ? sql`` : sql`AND at >= ${since}::timestamp`}
      ${until === undefined ? sql`` : sql`AND at < ${until}::timestamp`}`;
  return sql`
    SELECT * FROM (
      SELECT f.executed_at AS at, f.realized_pnl, o.symbol, o.strategy_id, o.user_id, 1 AS fills
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      UNION ALL
      SELECT coalesce(p.closed_at, p.updated_at), round(p.realized_pnl::numeric, 2) - coalesce(c.credited, 0), p.symbol,
        p.strategy_id, p.user_id, 0
      FROM positions p LEFT JOIN (
        SELECT position_id, sum(realized_pnl) AS credited FROM order_fills GROUP BY position_id
      ) c ON c.position_id = p.position_id
      WHERE round(p.realized_pnl::numeric, 2) <> coalesce(c.credited, 0)
    ) AS moves WHERE true ${within}`;
}
