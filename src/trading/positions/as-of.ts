import { type Kysely, sql } from 'kysely';
import type { Keyset } from '../../cli/pagination.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, instant, isBefore } from '../../domain/instant.ts';
import { replay } from '../../domain/replay-position.ts';
import {
  ACTIONS_SINCE_STEP,
  BROKER_SINCE_STEP,
  hasStep,
  needStep,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { usage } from '../../util/failure.ts';
import { productOf } from '../ledger/product.ts';
import { findFills } from './fills.ts';
import type { Filter } from './matching.ts';
import type { Position } from './store.ts';

/**
 * Throws a usage error unless the book may have held something then: not in the future, and not before the first account
 * of the users (without any: of everyone) or, as imported history is older, its first order.
 */
export async function checkMoment(
  db: Kysely<Database>,
  user: readonly UserId[] | undefined,
  at: Instant,
  now: Date,
): Promise<void> {
  if (isBefore(instant(now), at)) throw usage('--as-of is in the future.');
  const whose = among('user_id', user);
  const { rows } = await sql<{ began: Instant | null }>`
    SELECT least((SELECT min(created_at) FROM users WHERE ${whose}), (SELECT min(created_at) FROM orders WHERE ${whose}))
      AS began`.execute(db);
  const began = rows[0]?.began;
  if (began && isBefore(at, began))
    throw usage(
      `--as-of is before ${user === undefined ? 'any account' : `the account of ${user.join(', ')}`} existed (${began}).`,
    );
}

/**
 * A page of positions as they stood at a time (UTC), each rebuilt from its fills executed, and corporate actions in force, by then; newest first, two
 * statements a batch. What was executed before the position opened, but booked after, counts, too.
 */
export async function positionsAsOf(
  source: Source,
  filter: Filter,
  at: Instant,
  limit: number,
  after: Keyset | undefined,
): Promise<Position[]> {
  const found: Position[] = [];
  for (let from = after; ; ) {
    const rows = await findCandidates(source, filter, at, limit, from);
    const stood = await rebuild(source, rows, at);
    found.push(...stood.filter(({ status }) => filter.status === 'any' || status === filter.status));
    const last = rows.at(-1);
    if (!last || rows.length < limit || found.length >= limit) return found.slice(0, limit);
    from = [last.opened_at, last.position_id];
  }
}

/** The positions that were there by then. Those without a later fill are as they were. */
async function findCandidates(
  source: Source,
  { user, symbol, strategy, product, status }: Filter,
  at: Instant,
  limit: number,
  after: Keyset | undefined,
): Promise<Position[]> {
  if (product !== undefined) needStep(source, BROKER_SINCE_STEP);
  // An aggregate, because EXISTS would invite to read every later fill of the book.
  const movedLater = sql`
    coalesce((SELECT bool_or(f.executed_at > ${at}::timestamp) FROM order_fills f WHERE f.position_id = p.position_id), false)
    ${
      hasStep(source, ACTIONS_SINCE_STEP)
        ? sql`OR EXISTS (SELECT FROM corporate_action_effects e
          WHERE e.position_id = p.position_id AND e.effective_at > ${at}::timestamp AND e.reversed_at IS NULL)`
        : sql``
    }`;
  const { rows } = await sql<Position>`
    SELECT p.position_id, p.user_id, p.strategy_id, p.symbol, ${productOf(source, 'p')} AS product, p.order_id, p.opened_at, p.created_at
    FROM positions p
    WHERE p.opened_at <= ${at}::timestamp
      ${status === 'any' ? sql`` : sql`AND (p.status = ${status} OR ${movedLater})`}
      AND ${among('p.user_id', user)} AND ${among('p.symbol', symbol)} AND ${among('p.strategy_id', strategy)}
      AND ${among('p.product', product)}
      ${after === undefined ? sql`` : sql`AND (p.opened_at, p.position_id) < (${after[0]}::timestamp, ${after[1]})`}
    ORDER BY p.opened_at DESC, p.position_id DESC LIMIT ${limit}`.execute(source.db);
  return rows;
}

/** A condition that a column has one of several values; none if they are not given. */
const among = (column: string, values: readonly string[] | undefined) =>
  values === undefined ? sql`true` : sql`${sql.ref(column)} IN (${sql.join([...values])})`;

async function rebuild(source: Source, rows: readonly Position[], at: Instant): Promise<Position[]> {
  const fills = await findFills(
    source,
    rows.map((row) => row.position_id),
    at,
  );
  return rows.flatMap((row) => {
    const last = replay(row.position_id, fills.get(row.position_id) ?? []).at(-1);
    if (!last) return [];
    const { fill, position } = last;
    const closed_at = position.status === 'CLOSED' ? fill.executed_at : null;
    return [{ ...row, ...position, closed_at, updated_at: fill.executed_at, marked_at: null }];
  });
}
