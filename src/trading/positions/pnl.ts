import { type RawBuilder, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { PnlGrouping } from '../../domain/pnl-grouping.ts';
import { FLOWS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { usage } from '../../util/failure.ts';
import { wallClock } from '../../util/time.ts';
import { flowRows } from '../performance/flows.ts';
import { beginOf, readTradingZone } from '../trading-day.ts';
import { findUser } from '../users/store.ts';

interface Range {
  user: UserId | undefined;
  since: Instant | undefined;
  until: Instant | undefined;
  /** Whether also what was charged, which is known by user and day. */
  net: boolean;
}

/** The same as an operator writes it. */
interface Asked extends Omit<Range, 'since' | 'until'> {
  since: string | undefined;
  until: string | undefined;
}

interface PnlRow {
  /** A date, a month, a symbol, a strategy (null: none) or a user. */
  key: string | null;
  fills: number;
  /** Rupees. */
  realized_pnl: Rupees;
  /** Rupees; null for a period, as open positions belong to none. */
  unrealized_pnl: Rupees | null;
  /** Below 0; null, as the net, where none is booked. */
  charges?: Rupees | null;
  net_pnl?: Rupees | null;
}

const PERIODS = { day: 'YYYY-MM-DD', week: 'YYYY-MM-DD', month: 'YYYY-MM' } as const;
const COLUMNS = {
  symbol: sql`symbol`,
  strategy: sql`strategy_id`,
  user: sql`user_id`,
} as const;

/**
 * Profit and loss by period of execution, or by symbol, strategy or user; one statement. Net, periods are those of the trading
 * day of the database, as charges are, else of the configured time zone. Throws USER_NOT_FOUND, and net PHASE_NEEDED and a
 * usage error for what charges are not known of.
 */
export async function pnlBy(
  ctx: Context,
  by: PnlGrouping,
  { user, net, ...asked }: Asked,
): Promise<PnlRow[]> {
  const source = await ctx.source();
  if (user !== undefined) await findUser(source.db, user);
  const timeZone = net ? await readTradingZone(source) : await ctx.timeZone();
  const at = async (flag: string, text: string | undefined) =>
    text === undefined ? undefined : ctx.instant(flag, text, timeZone);
  const [since, until] = [await at('--since', asked.since), await at('--until', asked.until)];
  return readPnl(source, by, { user, net, since, until }, timeZone);
}

async function readPnl(source: Source, by: PnlGrouping, range: Range, timeZone: string): Promise<PnlRow[]> {
  if (range.net) requireCharged(source, by, range, timeZone);
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
  const { rows: found } = await (range.net ? netOf(source, by, range, rows) : rows).execute(source.db);
  return found;
}

/** Charges are booked by user, day and exchange. */
function requireCharged(source: Source, by: PnlGrouping, { since, until }: Range, timeZone: string): void {
  needStep(source, FLOWS_SINCE_STEP);
  if (by === 'symbol' || by === 'strategy')
    throw usage(
      `Charges are booked by user, day and exchange: no ${by} has any, so --net does not go with --by ${by}.`,
      'Give --by day, week, month or user. By symbol, as they are computed: pinnacle charges show --by symbol',
    );
  for (const [flag, at] of Object.entries({ since, until }))
    if (at !== undefined && !wallClock(at, timeZone).slice(11).startsWith('00:00:00'))
      throw usage(`--${flag} is within a day, and charges are of whole days: give a day with --net.`);
}

/** P&L with what was charged on the days of each row. */
function netOf(
  source: Source,
  by: PnlGrouping,
  { user, since, until }: Range,
  rows: RawBuilder<PnlRow>,
): RawBuilder<PnlRow> {
  const key =
    by === 'day' || by === 'week' || by === 'month'
      ? sql`to_char(date_trunc(${by}, day::timestamp), ${PERIODS[by]})`
      : sql`user_id`;
  const from = beginOf(sql`day`, source);
  return sql<PnlRow>`
    SELECT key, coalesce(p.fills, 0) AS fills, coalesce(p.realized_pnl, 0.00) AS realized_pnl, p.unrealized_pnl, c.charges,
      coalesce(p.realized_pnl, 0.00) + c.charges AS net_pnl
    FROM (${rows}) AS p FULL JOIN (
      SELECT ${key} AS key, sum(charges) AS charges FROM (${flowRows(source, user)}) AS flows
      WHERE charges <> 0 ${since === undefined ? sql`` : sql`AND ${from} >= ${since}::timestamp`}
        ${until === undefined ? sql`` : sql`AND ${from} < ${until}::timestamp`}
      GROUP BY 1
    ) AS c USING (key) ORDER BY ${by === 'user' ? sql`net_pnl DESC NULLS LAST, key` : sql`key`}`;
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
