import { type RawBuilder, sql } from 'kysely';
import { FUTURE, OPTION } from '../../domain/charges/segment.ts';
import type { Exchange } from '../../domain/exchanges.ts';
import {
  ACTIONS_SINCE_STEP,
  hasStep,
  OTHER_WRITERS_SINCE_STEP,
  type Schema,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import { chainOf, productOf } from '../ledger/product.ts';
import { localTime } from '../trading-day.ts';
import { chargeShares, isAdjusting } from './charge-shares.ts';
import { isTrade, ofScope, type Scope, withinTimes } from './scope.ts';

/** How long a trade was held: to another day, derivatives are carried forward and not delivered. */
type Holding = 'intraday' | 'delivery' | 'overnight';

/** A trade: a position from flat to flat. Rupees; prices a share. */
export interface RoundTrip {
  position_id: string;
  user_id: string;
  strategy_id: string | null;
  symbol: string;
  side: string;
  product: string | null;
  opened_at: string;
  closed_at: string;
  /** Null where its executions are not here. */
  quantity: number | null;
  entry_price: number | null;
  exit_price: number | null;
  gross_pnl: string;
  /** Below 0; null, as the net, unless charges are booked for every day on which it was executed. */
  charges: string | null;
  net_pnl: string | null;
  days_held: number;
  hours_held: number;
  holding: Holding;
  /** Of a long delivery: long above twelve months. */
  term: 'short' | 'long' | null;
  /** Of its end: 2022-23 from April 2022. */
  financial_year: string;
}

/** Which trades. */
export interface TradeFilter extends Scope {
  holding: Holding | undefined;
}

/**
 * The trades that ended, by the time of their end, in one statement. A flip ends one with a part of its shares and begins
 * another with the rest. What a corporate action added to the shares or the cost of a position counts as entered. What is booked
 * for a user, day and exchange is shared out by the value of each execution there, to the paisa; `exchange` is that of orders
 * which name none.
 */
export function roundTripsQuery(source: Source, filter: TradeFilter, exchange: Exchange) {
  return sql<RoundTrip>`
    WITH wanted AS MATERIALIZED (${wanted(source, filter)}), ${made(source, filter, exchange)}
    SELECT p.position_id, p.user_id, p.strategy_id, p.symbol, p.side::text AS side, p.product,
      p.opened_at, p.closed_at, nullif(m.entered, 0)::int AS quantity, round((m.paid / nullif(m.entered, 0))::numeric, 4)::float8 AS entry_price,
      round((m.received / m.exited)::numeric, 4)::float8 AS exit_price, p.gross::text AS gross_pnl, m.charges::text AS charges,
      (p.gross + m.charges)::text AS net_pnl, p.closed - p.opened AS days_held,
      round(extract(epoch FROM p.closed_at - p.opened_at)::numeric / 3600, 2)::float8 AS hours_held,
      p.holding, CASE WHEN p.holding <> 'delivery' OR p.side <> 'LONG' THEN NULL
        WHEN p.closed > p.opened + interval '1 year' THEN 'long' ELSE 'short' END AS term,
      to_char(p.closed - interval '3 months', 'YYYY-') || to_char(p.closed + interval '9 months', 'YY') AS financial_year
    FROM wanted p LEFT JOIN made m ON m.position_id = p.position_id
    ORDER BY p.closed_at, p.position_id`;
}

/** SQL for the positions that ended within the days of a filter. */
function wanted(source: Source, filter: TradeFilter): RawBuilder<unknown> {
  const { holding } = filter;
  const dayOf = (time: string) => sql`${localTime(sql.ref(time), source)}::date`;
  return sql`
    SELECT * FROM (
      SELECT p.position_id, p.user_id, p.strategy_id, p.symbol, p.side, ${productOf(source, 'p')} AS product, p.opened_at, p.closed_at,
        opened, closed, round(p.realized_pnl::numeric, 2) AS gross, CASE WHEN closed = opened THEN 'intraday'
          WHEN p.symbol ~ ${FUTURE} OR p.symbol ~ ${OPTION} THEN 'overnight' ELSE 'delivery' END AS holding
      FROM positions p CROSS JOIN LATERAL (
        SELECT ${dayOf('p.opened_at')} AS opened, ${dayOf('p.closed_at')} AS closed
      ) AS days WHERE p.status = 'CLOSED' AND ${isTrade(source)} AND ${ofScope(filter, 'p')} AND ${withinTimes('p.closed_at', filter, source)}
    ) AS p ${holding === undefined ? sql`` : sql`WHERE p.holding = ${holding}`}`;
}

/**
 * CTEs for what the executions of the positions in `wanted` make: shares and values of entry and exit, and charges. How many
 * shares a flip ends follows from all of its chain before it, so chains are read from their beginning, but none without a wanted
 * position, and none beyond its last one.
 */
const made = (schema: Schema, filter: TradeFilter, exchange: Exchange) => sql`
  ends AS MATERIALIZED (
    SELECT user_id, symbol, strategy, product, max(seq) AS last
    FROM (${entries(schema, filter, (row) => sql`AND ${sql.ref(`${row}.position_id`)} IN (SELECT position_id FROM wanted)`)}) AS e
    GROUP BY user_id, symbol, strategy, product
  ), moves AS (
    SELECT e.*, sum(moved) OVER (PARTITION BY user_id, symbol, strategy, product ORDER BY seq) AS stands
    FROM (${entries(schema, filter)}) AS e JOIN ends USING (user_id, symbol, strategy, product) WHERE seq <= last
  ), parts AS MATERIALIZED (
    SELECT t.*, p.side FROM (
      SELECT seq, user_id, executed_at, is_adjusting, position_id, price, cost, moved AS whole, stands, false AS is_rest,
        CASE WHEN flipped_to IS NULL THEN moved ELSE moved - stands END AS moved, flipped_to IS NOT NULL AS is_flip
      FROM moves
      UNION ALL
      SELECT seq, user_id, executed_at, is_adjusting, flipped_to, price, cost, moved, stands, true, stands, true
      FROM moves WHERE flipped_to IS NOT NULL
    ) AS t JOIN wanted p ON p.position_id = t.position_id
  ), ${chargeShares(schema, filter.user, exchange)}, made AS (
    SELECT position_id, sum(CASE WHEN cost IS NULL THEN abs(moved) ELSE moved * sign END) FILTER (WHERE is_entry) AS entered,
      sum(abs(moved)) FILTER (WHERE NOT is_entry) AS exited,
      sum(CASE WHEN cost IS NULL THEN abs(moved) * price ELSE cost END) FILTER (WHERE is_entry) AS paid,
      sum(abs(moved) * price) FILTER (WHERE NOT is_entry) AS received,
      CASE WHEN count(part) = count(*) THEN sum(part) END AS charges
    FROM parts t LEFT JOIN shares s ON s.seq = t.seq
    CROSS JOIN LATERAL (SELECT CASE t.side WHEN 'LONG' THEN 1 ELSE -1 END AS sign) AS d
    CROSS JOIN LATERAL (SELECT cost IS NOT NULL OR moved * sign > 0 AS is_entry) AS e
    CROSS JOIN LATERAL (SELECT CASE WHEN is_adjusting THEN 0 ELSE s.charge END AS share) AS c
    CROSS JOIN LATERAL (SELECT round(share * (whole - stands) / whole, 2) AS ended) AS f
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT is_flip THEN share WHEN is_rest THEN share - ended ELSE ended END AS part) AS g
    GROUP BY position_id
  )`;

/** SQL for executions, opening balances and corporate actions, of which `cost` is the change of the cost: what each moved, signed, in which position and chain. */
function entries(
  schema: Schema,
  filter: TradeFilter,
  also: (row: string) => RawBuilder<unknown> = () => sql``,
) {
  const chain = (row: string) => sql`${chainOf(schema, row)}`;
  const opened = sql`UNION ALL
    SELECT x.seq, x.position_id, NULL, x.quantity, x.price, x.user_id, x.symbol, x.strategy, x.product, NULL, false, NULL FROM (
      SELECT l.seq, p.position_id, l.quantity, l.price, k.* FROM ledger_openings l JOIN positions p ON p.position_id = l.id
      CROSS JOIN LATERAL (SELECT ${chain('p')}) AS k (user_id, symbol, strategy, product)
      WHERE l.kind = 'position' AND l.undone_at IS NULL AND l.quantity <> 0 AND ${ofScope(filter, 'p')} ${also('p')}
    ) AS x`;
  const acted = sql`UNION ALL
    SELECT x.seq, x.position_id, NULL, x.shares, x.price, x.user_id, x.symbol, x.strategy, x.product, NULL, true, x.cost FROM (
      SELECT a.seq, p.position_id, a.shares, a.price, a.cost::float8 AS cost, k.*
      FROM corporate_action_effects a JOIN positions p ON p.position_id = a.position_id
      CROSS JOIN LATERAL (SELECT ${chain('p')}) AS k (user_id, symbol, strategy, product)
      WHERE a.reversed_at IS NULL AND (a.shares <> 0 OR a.cost <> 0) AND ${ofScope(filter, 'p')} ${also('p')}
    ) AS x`;
  return sql`
    SELECT f.seq, f.position_id, f.flipped_to, CASE o.side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END AS moved, f.price,
      k.user_id, k.symbol, k.strategy, k.product, f.executed_at, ${isAdjusting(schema)} AS is_adjusting,
      NULL::float8 AS cost
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id
    CROSS JOIN LATERAL (SELECT ${chain('o')}) AS k (user_id, symbol, strategy, product)
    WHERE f.position_id IS NOT NULL AND ${ofScope(filter, 'o')} ${also('f')}
    ${hasStep(schema, OTHER_WRITERS_SINCE_STEP) ? opened : sql``}
    ${hasStep(schema, ACTIONS_SINCE_STEP) ? acted : sql``}`;
}
