import { type RawBuilder, sql } from 'kysely';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { ACTIONS_SINCE_STEP, hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';
import { beginOf } from '../trading-day.ts';

/** Whose trading is looked at, and from when to when: trading days, YYYY-MM-DD, both included. */
export interface Scope {
  user: UserId | undefined;
  strategy: StrategyId | undefined;
  symbol: TradingSymbol | undefined;
  since: string | undefined;
  until: string | undefined;
}

/** A condition on a row of orders or positions: that it is of the user, strategy and symbol. */
export const ofScope = ({ user, strategy, symbol }: Scope, row: string): RawBuilder<unknown> => sql`true
  ${user === undefined ? sql`` : sql`AND ${sql.ref(`${row}.user_id`)} = ${user}`}
  ${strategy === undefined ? sql`` : sql`AND ${sql.ref(`${row}.strategy_id`)} = ${strategy}`}
  ${symbol === undefined ? sql`` : sql`AND ${sql.ref(`${row}.symbol`)} = ${symbol}`}`;

/** A condition on SQL for a day: that it is within the scope. */
export const withinDays = (
  day: RawBuilder<unknown>,
  { since, until }: Pick<Scope, 'since' | 'until'>,
): RawBuilder<unknown> => sql`true
  ${since === undefined ? sql`` : sql`AND ${day} >= ${since}::date`}
  ${until === undefined ? sql`` : sql`AND ${day} <= ${until}::date`}`;

/** The same for a UTC timestamp; the ends are looked up once, and not for each row. */
export function withinTimes(
  at: string,
  { since, until }: Pick<Scope, 'since' | 'until'>,
  source: Schema,
): RawBuilder<unknown> {
  const startOf = (day: string, later: number) =>
    sql`(SELECT ${beginOf(sql`${day}::date + ${later}::int`, source)})`;
  return sql`true
  ${since === undefined ? sql`` : sql`AND ${sql.ref(at)} >= ${startOf(since, 0)}`}
  ${until === undefined ? sql`` : sql`AND ${sql.ref(at)} < ${startOf(until, 1)}`}`;
}

/**
 * SQL for the quarter of an hour that a time is in: zones are whole quarters off UTC, so that days and hours are made of
 * them, and a time zone is looked up for each of them and not for each row.
 */
export const quarterOf = (at: string) => sql`date_bin('15 minutes', ${sql.ref(at)}, timestamp '2000-01-01')`;

/** Whether what is looked at has capital of its own: users have, a strategy or a symbol has none. */
export const hasCapital = ({ strategy, symbol }: Scope): boolean =>
  strategy === undefined && symbol === undefined;

/**
 * A condition on a closed position `p`: that an execution ended it, or a part of it. One that a merger ended, or that ended empty when an
 * action was reversed, is no trade.
 */
export const isTrade = (schema: Schema): RawBuilder<unknown> =>
  hasStep(schema, ACTIONS_SINCE_STEP)
    ? sql`(p.position_id NOT IN (SELECT position_id FROM corporate_action_effects WHERE shares <> 0) OR EXISTS (
        SELECT FROM order_fills x JOIN orders y ON y.order_id = x.order_id
        WHERE x.position_id = p.position_id AND (y.side = 'SELL') = (p.side = 'LONG')))`
    : sql`true`;
