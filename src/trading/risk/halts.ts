import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { mintId, type OrderId, type StrategyId, type UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { hasStep } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { type Failure, refused } from '../../util/failure.ts';
import { cancelWorking, IS_WORKING } from '../ledger/cancel-orders.ts';

/** An active halt of one user, or of everyone if user_id is null. Times are UTC. */
export interface Halt {
  halt_id: string;
  user_id: UserId | null;
  reason: string;
  halted_by: string;
  halted_at: Instant;
}

/** A query for the halt that applies to a user, at most one row: the halt of everyone, else the user's own. */
export function activeHaltQuery(userId: UserId) {
  return sql<Halt>`
    SELECT halt_id, user_id, reason, halted_by, halted_at FROM trading_halts
    WHERE resumed_at IS NULL AND coalesce(user_id, '') IN ('', ${userId})
    ORDER BY user_id NULLS FIRST LIMIT 1`;
}

/** Throws TRADING_HALTED (exit 5) while a halt is active for the user or for everyone. Before phase 4 there is none. */
export async function checkNotHalted(trx: Trx, userId: UserId): Promise<void> {
  if (trx.phase < 4) return;
  const { rows } = await activeHaltQuery(userId).execute(trx.db);
  if (rows[0]) throw tradingHalted(rows[0]);
}

/** TRADING_HALTED for an active halt, with its start, its reason and the command that lifts it. */
export function tradingHalted({ user_id, reason, halted_by, halted_at }: Halt): Failure {
  const whose = user_id === null ? 'for everyone' : `for ${user_id}`;
  return refused(
    'TRADING_HALTED',
    `Trading is halted ${whose} since ${halted_at} by ${halted_by}: ${reason}`,
    `Only cancels and orders that reduce a position pass. To resume: pinnacle risk resume ${user_id ?? '--all'} --reason "reviewed" --confirm ${user_id ?? 'all'}`,
  );
}

/**
 * Sets a halt of a user, or of everyone if userId is null; one that is already active does not change and keeps its
 * first reason. Locks no user: from its commit on, a halt blocks entries.
 */
export async function setHalt(
  trx: Trx,
  userId: UserId | null,
  reason: string,
  at: Instant,
): Promise<{ halt: Halt; fresh: boolean }> {
  const haltId = mintId('hlt', new Date(at));
  const { rows } = await sql<Halt>`
    INSERT INTO trading_halts (halt_id, user_id, reason, halted_by, halted_at)
    VALUES (${haltId}, ${userId}, ${reason}, session_user, ${at}::timestamp)
    ON CONFLICT ((coalesce(user_id, ''))) WHERE resumed_at IS NULL DO UPDATE SET reason = trading_halts.reason
    RETURNING halt_id, user_id, reason, halted_by, halted_at`.execute(trx.db);
  const halt = rows[0] as Halt;
  if (hasStep(trx, SHOWN_SINCE_STEP)) trx.touch('halt', [halt.halt_id]);
  return { halt, fresh: halt.halt_id === haltId };
}

/** The step of phase 4 from which on the outbox takes halts. */
const SHOWN_SINCE_STEP = 2;

/** What a halt cancelled and paused, and the working orders that it left because they are at the broker. */
export interface HaltOutcome {
  cancelled: OrderId[];
  paused: Activated[];
  left: AtBroker[];
}

/** A strategy of a user. */
export interface Activated {
  user_id: UserId;
  strategy_id: StrategyId;
}

/** The strategies of each user, for the audit log. */
export function byUser(activated: readonly Activated[]): Map<UserId, StrategyId[]> {
  const users = new Map<UserId, StrategyId[]>();
  for (const { user_id, strategy_id } of activated)
    users.set(user_id, [...(users.get(user_id) ?? []), strategy_id]);
  return users;
}

/** An order that works at the broker, or may. */
interface AtBroker {
  order_id: OrderId;
  user_id: UserId;
}

/**
 * Cancels the working orders of a user, or of everyone, that are neither at the broker nor spared, keeps their fills, and pauses the
 * active strategies. Waits for the users' locks, up to the statement timeout, so that an order accepted before the halt was visible
 * is cancelled too.
 */
export async function cancelAndPause(
  trx: Trx,
  {
    userId,
    isAtBroker,
    isSpared,
  }: { userId: UserId | null; isAtBroker: RawBuilder<boolean>; isSpared: RawBuilder<boolean> },
  at: Instant,
): Promise<HaltOutcome> {
  const whose = scope(userId);
  await sql`SELECT set_config('lock_timeout', '0', true)`.execute(trx.db);
  await sql`SELECT count(*) FROM (SELECT FROM users WHERE ${whose} ORDER BY user_id FOR NO KEY UPDATE) AS locked`.execute(
    trx.db,
  );
  const cancelled = await cancelWorking(
    trx,
    { user: userId ?? undefined },
    at,
    sql`(${isAtBroker} OR ${isSpared})`,
  );
  const { rows: left } = await sql<AtBroker>`
    SELECT order_id, user_id FROM orders WHERE ${whose} AND ${IS_WORKING} AND ${isAtBroker} AND NOT ${isSpared}
    ORDER BY user_id, order_id`.execute(trx.db);
  const { rows: paused } = await sql<Activated>`
    UPDATE user_strategies SET status = 'PAUSED', updated_at = ${at}::timestamp
    WHERE ${whose} AND status = 'ACTIVE' RETURNING user_id, strategy_id`.execute(trx.db);
  return { cancelled, paused, left };
}

/** What a halt would cancel and pause now, but for what it spares, and how many of the orders are at the broker. */
export async function countAffected(
  db: Kysely<Database>,
  userId: UserId | null,
  {
    isAtBroker = sql<boolean>`false`,
    isSpared = sql<boolean>`false`,
  }: { isAtBroker?: RawBuilder<boolean>; isSpared?: RawBuilder<boolean> } = {},
): Promise<{ orders: number; there: number; active: number; paused: number }> {
  const whose = scope(userId);
  const { rows } = await sql<{ orders: number; there: number; active: number; paused: number }>`
    SELECT (SELECT count(*) FROM orders WHERE ${whose} AND ${IS_WORKING} AND NOT ${isSpared})::int AS orders,
      (SELECT count(*) FROM orders WHERE ${whose} AND ${IS_WORKING} AND ${isAtBroker} AND NOT ${isSpared})::int AS there,
      (SELECT count(*) FROM user_strategies WHERE ${whose} AND status = 'ACTIVE')::int AS active,
      (SELECT count(*) FROM user_strategies WHERE ${whose} AND status = 'PAUSED')::int AS paused`.execute(db);
  return rows[0] as { orders: number; there: number; active: number; paused: number };
}

const scope = (userId: UserId | null) => (userId === null ? sql`true` : sql`user_id = ${userId}`);

/** A lifted halt. */
export interface Ended extends Halt {
  resumed_by: string;
  resumed_reason: string;
  resumed_at: Instant;
}

/** Lifts the halt of a user, or that of everyone; undefined if there is none. */
export async function liftHalt(
  trx: Trx,
  userId: UserId | null,
  reason: string,
  at: Instant,
): Promise<Ended | undefined> {
  const { rows } = await sql<Ended>`
    UPDATE trading_halts SET resumed_by = session_user, resumed_reason = ${reason}, resumed_at = ${at}::timestamp
    WHERE resumed_at IS NULL AND coalesce(user_id, '') = ${userId ?? ''}
    RETURNING halt_id, user_id, reason, halted_by, halted_at, resumed_by, resumed_reason, resumed_at`.execute(
    trx.db,
  );
  const [halt] = rows;
  if (halt && hasStep(trx, SHOWN_SINCE_STEP)) trx.touch('halt', [halt.halt_id]);
  return halt;
}
