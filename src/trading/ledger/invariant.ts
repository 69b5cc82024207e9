import { type RawBuilder, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import {
  FLOWS_SINCE_STEP,
  hasStep,
  OTHER_WRITERS_SINCE_STEP,
  type Schema,
} from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';

/** A statement about the book that must always hold, and the query for its violations: `id` and `detail`. */
export interface Invariant {
  name: string;
  /** The phase whose tables it reads. */
  phase: 1 | 2 | 3 | 4;
  /** The step of phase 4 that it needs, if that has to be more than the first. */
  step?: number;
  /** The statement, as a sentence. */
  holds: string;
  /** What the ids of its offenders are of. */
  about: About;
  offenders: (user: UserId | undefined, schema: Schema) => RawBuilder<unknown>;
}

/** `key` is a position of a user, symbol, strategy and product, `sessions` a user, `snapshot` a user and day. */
export type About =
  | 'order'
  | 'fill'
  | 'position'
  | 'key'
  | 'user'
  | 'strategy'
  | 'session'
  | 'sessions'
  | 'flow'
  | 'snapshot'
  | 'action';

/** `select` of the opening balances of a kind that are in force; nothing on a schema without them. */
export function openings(
  schema: Schema,
  kind: string,
  user: UserId | undefined,
  select: RawBuilder<unknown>,
): RawBuilder<unknown> {
  if (!hasStep(schema, OTHER_WRITERS_SINCE_STEP)) return sql``;
  return sql`${select} FROM ledger_openings WHERE kind = ${kind} AND undone_at IS NULL ${ofUser('ledger_openings', user)}`;
}

/** The opening capital of users, or of one, from the audit row of their creation. */
const opening = (user: UserId | undefined) => sql`
  SELECT DISTINCT ON (target) substr(target, 6) AS user_id,
    -- Not parsed as JSON, which an entry of another writer may not be.
    substring(body FROM '"total_capital":"?(-?[0-9]+(?:[.][0-9]+)?)')::numeric AS capital
  FROM audit_log WHERE command IN ('user add', 'user import') AND target LIKE 'user %'
    ${user === undefined ? sql`` : sql`AND target = ${`user ${user}`}`} ORDER BY target, id`;

/** The same, and what was taken over of it: `user_id`, `capital`, one row or several of a user. */
export const openingCapital = (schema: Schema, user: UserId | undefined) => sql`
  SELECT user_id, capital FROM (${opening(user)}) AS added
  ${openings(schema, 'capital', user, sql`UNION ALL SELECT user_id, capital`)}`;

/** What movements of money come to, of users who have any: `user_id`, `moved` in rupees. */
export const flowTotals = (schema: Schema, user: UserId | undefined) =>
  hasStep(schema, FLOWS_SINCE_STEP)
    ? sql`SELECT user_id, sum(amount) AS moved FROM cash_flows WHERE true ${ofUser('cash_flows', user)} GROUP BY user_id`
    : sql`SELECT NULL AS user_id, 0 AS moved`;

/**
 * The transaction that last wrote a row has no audit row. xmin is the lower half of an id in audit_log; it stays
 * readable when a row is frozen, and names the transaction itself because no change uses savepoints.
 */
export const UNAUDITED = (xmin: string) =>
  sql`NOT EXISTS (SELECT FROM audit_log a WHERE a.txid::xid = ${sql.ref(xmin)})`;
