import { type RawBuilder, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import { type PnlGrouping, type PnlPeriod, periodOf } from '../../domain/pnl-grouping.ts';
import { FLOWS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { usage } from '../../util/failure.ts';
import { wallClock } from '../../util/time.ts';
import { flowRows } from '../performance/flows.ts';
import { isTrade } from '../performance/scope.ts';
import { requireNamed } from '../strategies/require-named.ts';
import { beginOf, readTradingZone } from '../trading-day.ts';

interface Range {
  user: readonly UserId[] | undefined;
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

interface Figures {
  /** Executions. */
  fills: number;
  /** Rupees. */
  realized_pnl: Rupees;
  /** Rupees; null for a period, as open positions belong to none. */
  unrealized_pnl: Rupees | null;
  /** Below 0; null, as the net, where none is booked. */
  charges?: Rupees | null;
  net_pnl?: Rupees | null;
  /** Positions that ended, and how many of them with a gain and with a loss. */
  trades: number;
  wins: number;
  losses: number;
  /** Percent of those that did not break even; null without any. */
  win_rate: number | null;
}

/** What a row stands for, each only where it is grouped by that. */
interface Keys {
  /** A date or a month. */
  period?: string;
  symbol?: string;
  /** Null: none. */
  strategy_id?: string | null;
  user_id?: string;
  /** Of the user. */
  name?: string | null;
}

export type PnlRow = Figures & Keys & { key: string | null };

const PERIODS = { day: 'YYYY-MM-DD', week: 'YYYY-MM-DD', month: 'YYYY-MM' } as const;
const COLUMNS = {
  day: 'period',
  week: 'period',
  month: 'period',
  symbol: 'symbol',
  strategy: 'strategy_id',
  user: 'user_id',
} as const satisfies Record<PnlGrouping, keyof Keys>;

/**
 * Profit and loss by period of execution, symbol, strategy and user, and by several of them; one statement. Net, periods are those
 * of the trading day of the database, as charges are, else of the configured time zone. Throws USER_NOT_FOUND, net PHASE_NEEDED, and a
 * usage error for several periods and for what charges are not known of.
 */
export async function pnlBy(
  ctx: Context,
  by: readonly PnlGrouping[],
  { user, net, ...asked }: Asked,
): Promise<PnlRow[]> {
  const period = onePeriod(by);
  const source = await ctx.source();
  await requireNamed(source.db, { user });
  const timeZone = net ? await readTradingZone(source) : await ctx.timeZone();
  const at = async (flag: string, text: string | undefined) =>
    text === undefined ? undefined : ctx.instant(flag, text, timeZone);
  const [since, until] = [await at('--since', asked.since), await at('--until', asked.until)];
  const range = { user, net, since, until };
  if (net) requireCharged(source, by, range, timeZone);
  const columns = by.map((each) => COLUMNS[each]);
  const booked = bookedBy(source, columns, period, range, timeZone);
  const figures = net ? netOf(source, columns, period, range, booked) : booked;
  const rows = await ordered(source, columns, figures, net ? 'net_pnl' : 'realized_pnl');
  return rows.map((row) => ({ key: keyOf(row, columns), ...row }));
}

function onePeriod(by: readonly PnlGrouping[]): PnlPeriod | undefined {
  try {
    return periodOf(by);
  } catch (error) {
    throw usage(`--by ${(error as Error).message}, not ${by.join(',')}.`);
  }
}

type Column = (typeof COLUMNS)[PnlGrouping];

/** What a row stands for in one text. */
function keyOf(row: Keys, columns: readonly Column[]): string | null {
  const values = columns.map((column) => row[column] ?? null);
  return values.length === 1 ? (values[0] ?? null) : values.map((value) => value ?? '-').join(' / ');
}

const listed = (columns: readonly Column[]) => sql.join(columns.map((column) => sql.ref(column)));

/** The rows with the names of users: things of one kind from the best to the worst, others by what they stand for. */
async function ordered(
  source: Source,
  columns: readonly Column[],
  rows: RawBuilder<unknown>,
  best: 'realized_pnl' | 'net_pnl',
): Promise<(Figures & Keys)[]> {
  const isRanking = columns.length === 1 && !columns.includes('period');
  const rank = isRanking ? sql`${sql.ref(best)} DESC NULLS LAST, ` : sql``;
  const name = columns.includes('user_id')
    ? sql`, (SELECT u.name FROM users u WHERE u.user_id = r.user_id) AS name`
    : sql``;
  const { rows: found } = await sql<Figures & Keys>`
    SELECT r.*, round(100.0 * wins / nullif(wins + losses, 0), 2)::float8 AS win_rate ${name}
    FROM (${rows}) AS r ORDER BY ${rank} ${listed(columns)}`.execute(source.db);
  return found;
}

/** What the book has: executions, what is open where no period divides it, and what ended. */
function bookedBy(
  source: Source,
  columns: readonly Column[],
  period: PnlPeriod | undefined,
  range: Range,
  timeZone: string,
): RawBuilder<unknown> {
  const keys = sql.join(
    columns.map((column) =>
      column === 'period' && period !== undefined
        ? sql`to_char(date_trunc(${period}, at AT TIME ZONE 'UTC' AT TIME ZONE ${timeZone}), ${PERIODS[period]}) AS period`
        : sql.ref(column),
    ),
  );
  const open =
    period === undefined
      ? sql`UNION ALL
        SELECT ${keys}, 0, 0, round(unrealized_pnl::numeric, 2), 0, 0, 0
        FROM positions WHERE status = 'OPEN' ${ofUsers(range)}`
      : sql``;
  return sql`
    SELECT ${listed(columns)}, sum(fills)::int AS fills, round(sum(realized), 2) AS realized_pnl,
      ${period === undefined ? sql`round(sum(unrealized), 2)` : sql`NULL::numeric`} AS unrealized_pnl,
      sum(trades)::int AS trades, sum(wins)::int AS wins, sum(losses)::int AS losses
    FROM (
      SELECT ${keys}, fills, realized_pnl AS realized, 0 AS unrealized, 0 AS trades, 0 AS wins, 0 AS losses
      FROM (${traded(range)}) AS t
      ${open}
      UNION ALL
      SELECT ${keys}, 0, 0, 0, 1, (gross > 0)::int, (gross < 0)::int FROM (${ended(source, range)}) AS t
    ) AS parts GROUP BY ${listed(columns)}`;
}

/** Charges are booked by user, day and exchange. */
function requireCharged(
  source: Source,
  by: readonly PnlGrouping[],
  { since, until }: Range,
  timeZone: string,
): void {
  needStep(source, FLOWS_SINCE_STEP);
  const without = by.find((each) => each === 'symbol' || each === 'strategy');
  if (without !== undefined)
    throw usage(
      `Charges are booked by user, day and exchange: no ${without} has any, so --net does not go with --by ${without}.`,
      'Give --by day, week, month or user. By symbol, as they are computed: pinnacle charges show DATE --by symbol',
    );
  for (const [flag, at] of Object.entries({ since, until }))
    if (at !== undefined && !wallClock(at, timeZone).slice(11).startsWith('00:00:00'))
      throw usage(`--${flag} is within a day, and charges are of whole days: give a day with --net.`);
}

/** P&L with what was charged on the days of each row. */
function netOf(
  source: Source,
  columns: readonly Column[],
  period: PnlPeriod | undefined,
  { user, since, until }: Range,
  rows: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const keys = sql.join(
    columns.map((column) =>
      column === 'period' && period !== undefined
        ? sql`to_char(date_trunc(${period}, day::timestamp), ${PERIODS[period]}) AS period`
        : sql.ref(column),
    ),
  );
  const from = beginOf(sql`day`, source);
  return sql`
    SELECT ${listed(columns)}, coalesce(p.fills, 0) AS fills, coalesce(p.realized_pnl, 0.00) AS realized_pnl, p.unrealized_pnl,
      c.charges, coalesce(p.realized_pnl, 0.00) + c.charges AS net_pnl,
      coalesce(p.trades, 0) AS trades, coalesce(p.wins, 0) AS wins, coalesce(p.losses, 0) AS losses
    FROM (${rows}) AS p FULL JOIN (
      SELECT ${listed(columns)}, sum(charges) AS charges FROM (
        SELECT ${keys}, charges FROM (${flowRows(source, undefined)}) AS flows
        WHERE charges <> 0 ${ofUsers({ user })} ${since === undefined ? sql`` : sql`AND ${from} >= ${since}::timestamp`}
          ${until === undefined ? sql`` : sql`AND ${from} < ${until}::timestamp`}
      ) AS charged GROUP BY ${listed(columns)}
    ) AS c USING (${listed(columns)})`;
}

const ofUsers = ({ user }: Pick<Range, 'user'>) =>
  user === undefined ? sql`` : sql`AND user_id IN (${sql.join([...user])})`;

const within = ({ user, since, until }: Omit<Range, 'net'>) => sql`${ofUsers({ user })}
  ${since === undefined ? sql`` : sql`AND at >= ${since}::timestamp`}
  ${until === undefined ? sql`` : sql`AND at < ${until}::timestamp`}`;

/** What was realized when: by executions, and by what other programs wrote without any. */
function traded(range: Range) {
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
    ) AS moves WHERE true ${within(range)}`;
}

/** The trades that ended, as reports count them, and what each came to. */
function ended(source: Source, range: Range) {
  return sql`
    SELECT * FROM (
      SELECT p.closed_at AS at, round(p.realized_pnl::numeric, 2) AS gross, p.symbol, p.strategy_id, p.user_id
      FROM positions p WHERE p.status = 'CLOSED' AND ${isTrade(source)}
    ) AS trades WHERE true ${within(range)}`;
}
