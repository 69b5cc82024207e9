import { type RawBuilder, sql } from 'kysely';
import type { About } from './invariant.ts';

/** How the rows that an invariant finds are told from damage: what another program wrote, and nothing here booked on. */
interface Classifier {
  /** Joins the row `r` of the offender `t`. */
  row: RawBuilder<unknown>;
  /** Whether another program wrote it. */
  isForeign: RawBuilder<unknown>;
  /** When it was last changed. */
  at: RawBuilder<unknown>;
}

/** Audit entries of changes of rows. That of an adoption, which writes the tables of another program anew, says nothing of a row. */
const ENTRIES = sql`SELECT txid::xid AS xid FROM audit_log WHERE command <> 'migrate adopt'`;

/** SQL for whether the transaction that last wrote an order `o` left no audit entry. */
export const UNAUDITED_ORDER = sql`NOT EXISTS (SELECT FROM (${ENTRIES}) e WHERE e.xid = o.xmin)`;

/** Joins the transactions with an audit entry to the one that last wrote a row. A restore leaves one for all of them. */
const AUDITED = sql`LEFT JOIN (SELECT DISTINCT xid FROM (${ENTRIES}) e) a ON a.xid = r.xmin`;
const UNAUDITED = sql`a.xid IS NULL`;

const recorded = (table: string) =>
  sql`EXISTS (SELECT FROM foreign_writes w WHERE w.table_name = ${table} AND w.row_id = t.id)`;

const NEVER: Classifier = { row: sql``, isForeign: sql`false`, at: sql`NULL::timestamp` };
/** Nothing here makes a second row. */
const ALWAYS: Classifier = { row: sql``, isForeign: sql`true`, at: sql`NULL::timestamp` };

const CLASSIFIERS: Readonly<Record<About, Classifier>> = {
  order: {
    row: sql`LEFT JOIN orders r ON r.order_id = t.id ${AUDITED}`,
    isForeign: sql`(${UNAUDITED} OR ${recorded('orders')})
      AND NOT EXISTS (SELECT FROM order_fills f WHERE f.order_id = t.id AND f.adopted IS NULL)`,
    at: sql`r.updated_at`,
  },
  position: {
    row: sql`LEFT JOIN positions r ON r.position_id = t.id ${AUDITED}`,
    isForeign: sql`(${UNAUDITED} OR ${recorded('positions')}) AND NOT EXISTS (
      SELECT FROM order_fills f
      WHERE f.position_id = t.id OR (f.order_id = r.order_id AND f.flipped_to = t.id))`,
    at: sql`r.updated_at`,
  },
  user: {
    row: sql`LEFT JOIN users r ON r.user_id = t.id ${AUDITED}`,
    isForeign: sql`(${UNAUDITED} OR ${recorded('users')})`,
    at: sql`r.created_at`,
  },
  // Orders of other programs count for a strategy that is counted here.
  strategy: {
    row: sql`LEFT JOIN user_strategies r ON r.user_id || '/' || r.strategy_id = t.id ${AUDITED}
      LEFT JOIN (
        SELECT DISTINCT o.user_id, o.strategy_id FROM orders o
        WHERE o.strategy_id IS NOT NULL AND ${UNAUDITED_ORDER}
      ) others ON others.user_id = r.user_id AND others.strategy_id = r.strategy_id`,
    isForeign: sql`(${UNAUDITED} OR ${recorded('user_strategies')} OR others.user_id IS NOT NULL)`,
    at: sql`r.updated_at`,
  },
  session: {
    row: sql`LEFT JOIN trading_sessions r ON r.session_id = t.id ${AUDITED}`,
    isForeign: sql`(${UNAUDITED} OR ${recorded('trading_sessions')}
      OR EXISTS (SELECT FROM foreign_writes w WHERE w.table_name = 'users' AND w.row_id = r.user_id))`,
    at: sql`r.updated_at`,
  },
  key: ALWAYS,
  sessions: ALWAYS,
  fill: NEVER,
  flow: NEVER,
  snapshot: NEVER,
  action: NEVER,
};

/**
 * SQL for the offenders of an invariant: `id`, `detail`, `at`, and whether another program wrote them, `is_foreign`. With
 * `tell` off every one is damage. The offenders, of whom there are few or none, are found before anything is joined to them: a server
 * whose statistics call a full table empty joins every row of it to every other.
 */
export function classified(offenders: RawBuilder<unknown>, about: About, tell: boolean): RawBuilder<unknown> {
  const { row, isForeign, at } = tell ? CLASSIFIERS[about] : NEVER;
  return sql`SELECT t.id, t.detail, ${at} AS at, ${isForeign} AS is_foreign
    FROM (WITH found AS MATERIALIZED (${offenders}) SELECT * FROM found) AS t ${row}`;
}
