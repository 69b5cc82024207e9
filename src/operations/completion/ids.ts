import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Suggestion } from '../../cli/complete.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { IS_WORKING } from '../../trading/ledger/cancel-orders.ts';

const AT_MOST = 100;

/** By what stands for an id in help: those that a person may mean, and what he knows each by. Newest first where ids begin with a time. */
const NAMED: Readonly<Record<string, { rows: RawBuilder<Suggestion>; newestFirst?: true }>> = {
  USER: { rows: sql`SELECT user_id AS value, name AS description FROM users` },
  STRATEGY: { rows: sql`SELECT strategy_id AS value, name AS description FROM strategies` },
  ORDER: {
    rows: sql`
      SELECT order_id AS value, concat_ws(' ', side, quantity, symbol, status) AS description FROM orders
      WHERE ${IS_WORKING}`,
    newestFirst: true,
  },
  POSITION: {
    rows: sql`
      SELECT position_id AS value, concat_ws(' ', side, quantity, symbol, user_id) AS description FROM positions
      WHERE status = 'OPEN'`,
    newestFirst: true,
  },
  SESSION: {
    rows: sql`SELECT session_id AS value, user_id AS description FROM trading_sessions WHERE status = 'ACTIVE'`,
    newestFirst: true,
  },
  CHANNEL: {
    rows: sql`SELECT channel AS value, concat(kind, CASE WHEN NOT enabled THEN ', disabled' END) AS description FROM alert_channels`,
  },
  ROUTE: {
    rows: sql`SELECT route_id AS value, concat_ws(' ', 'to', channel, 'from', min_level) AS description FROM alert_routes`,
  },
  DELIVERY: {
    rows: sql`
      SELECT delivery_id AS value, concat_ws(' ', state, channel, message ->> 'title') AS description FROM alert_deliveries
      WHERE state <> 'SENT'`,
    newestFirst: true,
  },
  SYMBOL: {
    rows: sql`
      SELECT symbol AS value, '' AS description FROM positions WHERE status = 'OPEN'
      UNION SELECT symbol, '' FROM orders WHERE ${IS_WORKING}`,
  },
};

/** Whether values of this placeholder are ids in the database. */
export const isId = (placeholder: string): boolean => Object.hasOwn(NAMED, placeholder);

/** The ids that begin with what is typed: of orders, positions and sessions those that are open, of symbols those in them, of messages those that were not sent. */
export async function readIds(
  db: Kysely<Database>,
  placeholder: string,
  typed: string,
): Promise<Suggestion[]> {
  const named = NAMED[placeholder];
  if (!named) return [];
  const { rows } = await sql<Suggestion>`
    SELECT value, description FROM (${named.rows}) AS named WHERE value LIKE ${`${typed.replaceAll(/[\\%_]/g, '\\$&')}%`}
    ORDER BY value ${named.newestFirst ? sql`DESC` : sql`ASC`} LIMIT ${AT_MOST}`.execute(db);
  return rows;
}
