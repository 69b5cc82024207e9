import { type RawBuilder, sql } from 'kysely';
import type { Movement } from '../../domain/performance/account-days.ts';
import type { Marks } from '../../domain/performance/marks.ts';
import { instantText } from '../../platform/postgres/instant-text.ts';
import type { Schema, Source } from '../../platform/postgres/schema-phase.ts';
import { withoutCompiling } from '../../platform/postgres/without-compiling.ts';
import { localTime } from '../trading-day.ts';
import { flowRows } from './flows.ts';
import { HELD, lives, marks } from './read-marks.ts';
import { hasCapital, isTrade, ofScope, quarterOf, type Scope, withinTimes } from './scope.ts';

/** What was traded under a key: an hour of the day, a symbol, a strategy or none. Trades, by symbol and strategy only, are those that ended. */
export interface TradedBy {
  what: 'hour' | 'symbol' | 'strategy';
  key: string | null;
  executions: number;
  /** Rupees. */
  realized: string;
  turnover: string;
  trades: number | null;
  wins: number | null;
}

/** A position from its opening to its end. */
interface ClosedTrade {
  position_id: string;
  user_id: string;
  strategy_id: string | null;
  symbol: string;
  side: string;
  opened_at: string;
  closed_at: string;
  realized_pnl: string;
}

/** The book of a scope, as of one moment. */
export interface Book {
  /** The trading day of this moment, YYYY-MM-DD. */
  today: string;
  /** What the users have now, rupees. */
  capital: number;
  /** By day, of all time, whatever the scope says. */
  movements: Movement[];
  groups: TradedBy[];
  /** Rupees and seconds of each closed trade, in the order of their ends. */
  results: number[];
  seconds: number[];
  best: ClosedTrade[];
  worst: ClosedTrade[];
  /** The last to end, first. */
  latest: ClosedTrade[];
  /** What the open positions cost, long less short, rupees. */
  exposure: number;
  /** When a position was held; `end` is the day after. */
  held: { start: string; end: string }[];
  /** What open positions were worth; null for what has no capital, or on a schema without snapshots. */
  marks: Marks | null;
}

const NAMED_TRADES = 5;
const LATEST_TRADES = 25;

interface Answer {
  today: string;
  capital: string;
  movements: string | null;
  groups: string | null;
  trades: string | null;
  best: string | null;
  worst: string | null;
  latest: string | null;
  exposure: string;
  held: string | null;
  marks: string | null;
}

/**
 * Reads what performance is computed from, in one statement and without a row for each execution: executions by day, hour,
 * symbol and strategy, movements of money by day, closed positions, and the days on which one was open.
 */
export async function readBook(source: Source, scope: Scope): Promise<Book> {
  const isClosed = closedWithin(scope, source);
  const statement = sql<Answer>`
    WITH ${executed(scope, source)}, ${lives(scope, source)}
    SELECT to_char(${localTime(sql`clock_timestamp()::timestamp`, source)}, 'YYYY-MM-DD') AS today,
      (SELECT coalesce(sum(total_capital), 0)::text FROM users u
        WHERE ${scope.user === undefined ? sql`true` : sql`u.user_id = ${scope.user}`}) AS capital,
      (${movements(source, scope)}) AS movements,
      (${groups(isClosed)}) AS groups,
      (SELECT string_agg(paisa || ' ' || seconds, ',') FROM (
        SELECT round(p.realized_pnl * 100)::bigint AS paisa, date_part('epoch', p.closed_at - p.opened_at)::bigint AS seconds
        FROM positions p WHERE ${isClosed} ORDER BY p.closed_at, p.position_id
      ) c) AS trades,
      (${named(sql`${isClosed} AND p.realized_pnl > 0`, sql`p.realized_pnl DESC, p.closed_at, p.position_id`)}) AS best,
      (${named(sql`${isClosed} AND p.realized_pnl < 0`, sql`p.realized_pnl, p.closed_at, p.position_id`)}) AS worst,
      (${named(isClosed, sql`p.closed_at DESC, p.position_id DESC`, LATEST_TRADES)}) AS latest,
      (SELECT coalesce(sum(CASE side WHEN 'LONG' THEN 1 ELSE -1 END * quantity::numeric * average_price::numeric), 0)::text
        FROM positions p WHERE p.status = 'OPEN' AND ${ofScope(scope, 'p')}) AS exposure,
      (${HELD}) AS held, (${marks(source, scope)}) AS marks`;
  const { rows } = await withoutCompiling(source.db, (trx) => statement.execute(trx));
  return bookOf(rows[0] as Answer);
}

/**
 * Executions by quarter of an hour, symbol and strategy, then the quarters by local day and hour. OFFSET 0 keeps the planner from
 * sorting by quarters that it expects to be many.
 */
function executed(scope: Scope, schema: Schema) {
  const isWithin = sql`FILTER (WHERE ${withinTimes('at', scope, schema)})`;
  const within = scope.since === undefined && scope.until === undefined ? sql`` : isWithin;
  return sql`
  traded AS MATERIALIZED (
    SELECT GROUPING(quarter) AS no_quarter, GROUPING(symbol) AS no_symbol, quarter, symbol, strategy_id,
      count(*) AS executions, sum(realized_pnl) AS realized, sum(bought) AS bought, sum(sold) AS sold,
      count(*) ${within} AS executions_within, coalesce(sum(realized_pnl) ${within}, 0) AS realized_within,
      coalesce(sum(bought) ${within}, 0) + coalesce(sum(sold) ${within}, 0) AS worth_within
    FROM (
      SELECT f.executed_at AS at, ${quarterOf('f.executed_at')} AS quarter, o.symbol, o.strategy_id, f.realized_pnl,
        CASE WHEN o.side = 'BUY' THEN f.quantity * f.price ELSE 0 END AS bought,
        CASE WHEN o.side = 'SELL' THEN f.quantity * f.price ELSE 0 END AS sold
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE ${ofScope(scope, 'o')} OFFSET 0
    ) AS fills GROUP BY GROUPING SETS ((quarter), (symbol), (strategy_id))
  ), quarters AS (
    SELECT local::date AS day, extract(hour FROM local)::int AS hour, t.*
    FROM traded t CROSS JOIN LATERAL (SELECT ${localTime(sql`t.quarter`, schema)} AS local) AS l WHERE no_quarter = 0
  )`;
}

/** A condition on a position: that it is closed, of the scope, and ended within its days. */
const closedWithin = (
  scope: Scope,
  schema: Schema,
) => sql`p.status = 'CLOSED' AND ${ofScope(scope, 'p')} AND ${isTrade(schema)}
  AND ${withinTimes('p.closed_at', scope, schema)}`;

/** Money of a strategy or a symbol alone does not move: what is paid in is of the whole account. */
const movements = (source: Source, scope: Scope) => sql`
  SELECT json_agg(json_build_object('day', day, 'executions', executions, 'realized', realized, 'bought', bought, 'sold', sold,
    'paidIn', paid_in, 'paidOut', paid_out, 'charges', charges, 'dividends', dividends) ORDER BY day)::text
  FROM (
    SELECT to_char(day, 'YYYY-MM-DD') AS day, sum(executions) AS executions, sum(realized) AS realized, sum(bought) AS bought,
      sum(sold) AS sold, sum(paid_in) AS paid_in, sum(paid_out) AS paid_out, sum(charges) AS charges, sum(dividends) AS dividends
    FROM (
      SELECT day, executions, realized, bought, sold, 0 AS paid_in, 0 AS paid_out, 0 AS charges, 0 AS dividends
      FROM quarters
      UNION ALL
      SELECT day, 0, 0, 0, 0, paid_in, paid_out, charges, dividends FROM (${flowRows(source, scope.user)}) AS flows
      WHERE ${hasCapital(scope) ? sql`true` : sql`false`}
    ) AS moves GROUP BY day
  ) AS days`;

const groups = (isClosed: RawBuilder<unknown>) => sql`
  SELECT json_agg(json_build_object('what', t.what, 'key', t.key, 'executions', executions_within, 'realized', realized_within::text,
    'turnover', round(worth_within::numeric, 2)::text, 'trades', c.trades, 'wins', c.wins)
    ORDER BY t.what, realized_within DESC, t.key)::text
  FROM (
    SELECT 'hour' AS what, hour::text AS key, sum(executions_within)::bigint AS executions_within,
      sum(realized_within) AS realized_within, sum(worth_within) AS worth_within
    FROM quarters GROUP BY hour
    UNION ALL SELECT CASE WHEN no_symbol = 0 THEN 'symbol' ELSE 'strategy' END, CASE WHEN no_symbol = 0 THEN symbol ELSE strategy_id END,
      executions_within, realized_within, worth_within
    FROM traded WHERE no_quarter = 1
  ) AS t LEFT JOIN (
    SELECT CASE WHEN GROUPING(symbol) = 0 THEN 'symbol' ELSE 'strategy' END AS what,
      CASE WHEN GROUPING(symbol) = 0 THEN symbol ELSE strategy_id END AS key,
      count(*) AS trades, count(*) FILTER (WHERE realized_pnl > 0) AS wins
    FROM positions p WHERE ${isClosed} GROUP BY GROUPING SETS ((symbol), (strategy_id))
  ) AS c ON c.what = t.what AND coalesce(c.key, '') = coalesce(t.key, '')`;

const named = (isOne: RawBuilder<unknown>, order: RawBuilder<unknown>, most = NAMED_TRADES) => sql`
  SELECT json_agg(json_build_object('position_id', position_id, 'user_id', user_id, 'strategy_id', strategy_id, 'symbol', symbol,
    'side', side, 'opened_at', ${instantText('opened_at')}, 'closed_at', ${instantText('closed_at')},
    'realized_pnl', round(realized_pnl::numeric, 2)::text))::text
  FROM (SELECT * FROM positions p WHERE ${isOne} ORDER BY ${order} LIMIT ${sql.lit(most)}) AS t`;

const listOf = <T>(json: string | null): T[] => (json === null ? [] : (JSON.parse(json) as T[]));
const NEVER = '9999-12-31';

function bookOf(answer: Answer): Book {
  const results: number[] = [];
  const seconds: number[] = [];
  // Not split: a million parts would take more memory than the text.
  const list = answer.trades ?? '';
  for (let from = 0; from < list.length; ) {
    const space = list.indexOf(' ', from);
    const comma = list.indexOf(',', space);
    const to = comma < 0 ? list.length : comma;
    results.push(Number(list.slice(from, space)) / 100);
    seconds.push(Number(list.slice(space + 1, to)));
    from = to + 1;
  }
  return {
    today: answer.today,
    capital: Number(answer.capital),
    movements: listOf(answer.movements),
    groups: listOf<TradedBy>(answer.groups).filter(({ executions }) => executions > 0),
    results,
    seconds,
    best: listOf(answer.best),
    worst: listOf(answer.worst),
    latest: listOf(answer.latest),
    exposure: Number(answer.exposure),
    marks: answer.marks === null ? null : (JSON.parse(answer.marks) as Marks),
    held: listOf<{ start: string; end: string | null }>(answer.held).map(({ start, end }) => ({
      start,
      end: end ?? NEVER,
    })),
  };
}
