import { sql } from 'kysely';
import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import { needStep, OTHER_WRITERS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { Failure, refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { adoptFills } from '../ledger/adopt-fills.ts';
import { UNAUDITED_ORDER } from '../ledger/foreign-rows.ts';
import { insertOpenings } from '../ledger/open-balances.ts';
import { checkInvariants } from '../ledger/verify-invariants.ts';
import { type TradingDay, tradingDayOf } from '../trading-day.ts';
import { findUser, lockUser } from '../users/store.ts';
import { findCandidates } from './find-candidates.ts';
import { openCapital, openSessions, openStrategies } from './opening-totals.ts';
import { repairOrders } from './repair-orders.ts';
import { repairPositions } from './repair-positions.ts';
import { repairSessions } from './repair-sessions.ts';
import { readSums, type Sums } from './sums.ts';
import { undoAdoption } from './undo-adoption.ts';

/** What was taken over of a user; rupees. */
export interface Adopted extends Record<string, unknown> {
  run_id: string;
  user_id: UserId;
  /** Orders that got an execution for what they had filled. */
  fills: number;
  /** Positions with an opening balance. */
  positions: number;
  /** Rows that contradicted themselves, and were put right. */
  repaired: number;
  capital: Rupees;
  realized_pnl_before: Rupees;
  realized_pnl_after: Rupees;
  unrealized_pnl_before: Rupees;
  unrealized_pnl_after: Rupees;
  /** What is left for doctor ledger to find. */
  left: number;
  note: string | null;
}

/** Takes the run `undo` back; without one takes over the book of a user, or of everyone. */
export const adoptOrUndo = (ctx: Context, user: UserId | undefined, undo: string | undefined) =>
  undo === undefined ? adoptLedger(ctx, user) : undoAdoption(ctx, undo);

/**
 * Takes over what other programs wrote of a user, or of everyone: orders get executions for what they had filled, positions,
 * capital and totals opening balances, and rows that contradict themselves are put right. One transaction per user. No capital,
 * position or realized P&L moves. Throws LEDGER_INCONSISTENT (exit 5) where one would, and PHASE_NEEDED.
 */
async function adoptLedger(ctx: Context, user: UserId | undefined): Promise<Adopted[]> {
  const source = await ctx.source();
  needStep(source, OTHER_WRITERS_SINCE_STEP);
  if (user !== undefined) await findUser(source.db, user);
  // Also where there is nothing to take over: who may not is told so.
  await sql`SELECT FROM ledger_openings WHERE false FOR UPDATE`.execute(source.db);
  const users = user === undefined ? await findCandidates(source) : [user];
  await ctx.confirm(
    'What other programs wrote is taken over as it stands; rows that contradict themselves are put right.',
  );
  const runId = mintId('adp', ctx.now());
  const day = await tradingDayOf(ctx);
  const zone = await ctx.timeZone();
  const adopted: Adopted[] = [];
  const refusals: { user: UserId; why: string }[] = [];
  for (const each of users)
    try {
      adopted.push(...(await adoptPatiently(ctx, each, runId, { day, zone })));
    } catch (error) {
      ctx.signal.throwIfAborted();
      const known = await ctx.explain(error);
      // One book that cannot be taken over keeps no other from it.
      if (!(known instanceof Failure) || known.details.retryable || users.length === 1) throw error;
      refusals.push({ user: each, why: known.message });
      await ctx.io.say(`${each}: ${known.message}`);
    }
  if (refusals.length > 0)
    throw refused(
      'LEDGER_INCONSISTENT',
      `${pluralize(refusals.length, 'user')} could not be taken over, such as ${refusals[0]?.user}: ${refusals[0]?.why}`,
      `${pluralize(adopted.length, 'other')} are taken over. See: pinnacle doctor ledger --user ${refusals[0]?.user} --strict`,
    );
  if (adopted.length === 0) await ctx.io.say('Nothing to take over: the book explains every row.');
  return adopted;
}

const ATTEMPTS = 4;

/** Again, where another program wrote a row between the sums before and after. */
async function adoptPatiently(
  ctx: Context,
  user: UserId,
  runId: string,
  clock: { day: TradingDay; zone: string },
) {
  for (let attempt = 1; ; attempt++)
    try {
      return await ctx.change((trx) => adoptUser(trx, user, runId, clock));
    } catch (error) {
      const isMoved = error instanceof Failure && error.code === 'LEDGER_INCONSISTENT';
      if (!isMoved || attempt === ATTEMPTS) throw error;
    }
}

async function adoptUser(trx: Trx, user: UserId, runId: string, clock: { day: TradingDay; zone: string }) {
  await lockUser(trx, user);
  const before = await readSums(trx, user);
  const { repaired, opposed } = await repairAll(trx, user, runId, clock);
  const fills = await adoptFills(trx, sql`o.user_id = ${user}`, runId, clock.day.now);
  const positions = await insertOpenings(trx, sql`k.user_id = ${user}`, runId);
  const capital = await openCapital(trx, user, runId);
  const totals = (await openStrategies(trx, user, runId)) + (await openSessions(trx, user, runId));
  const orders = await ownOrders(trx, user);
  const isNothing = repaired + fills + positions.length + totals + orders === 0 && capital === undefined;
  if (isNothing && opposed.length === 0) return unchanged([]);
  const after = await readSums(trx, user);
  refuseMoved(user, before, after);
  const left = await countLeft(trx, user);
  const result: Adopted = {
    run_id: runId,
    user_id: user,
    fills,
    positions: positions.length,
    repaired,
    capital: after.capital,
    realized_pnl_before: before.realized,
    realized_pnl_after: after.realized,
    unrealized_pnl_before: before.unrealized,
    unrealized_pnl_after: after.unrealized,
    left,
    note: opposed.length > 0 ? `long and short at once, which cannot be netted: ${opposed.join('; ')}` : null,
  };
  if (isNothing) return unchanged([result]);
  return changed([result], auditTarget('user', user), {
    adopted: { ...result, orders, totals, shares: after.shares },
  });
}

async function repairAll(trx: Trx, user: UserId, runId: string, clock: { day: TradingDay; zone: string }) {
  const orders = await repairOrders(trx, user, runId, clock);
  const { repaired, opposed } = await repairPositions(trx, user, runId, clock.day.now);
  const sessions = await repairSessions(trx, user, runId);
  return { repaired: orders + repaired + sessions, opposed };
}

/** Writes the orders whose last change left no audit entry once more, as they are: the entry of this change is theirs. */
async function ownOrders(trx: Trx, user: UserId): Promise<number> {
  const { rows } = await sql`
    UPDATE orders o SET updated_at = o.updated_at
    WHERE o.user_id = ${user} AND ${UNAUDITED_ORDER}
      AND o.xmin <> pg_current_xact_id()::xid
    RETURNING o.order_id`.execute(trx.db);
  return rows.length;
}

function refuseMoved(user: UserId, before: Sums, after: Sums): void {
  for (const what of ['capital', 'realized', 'shares'] as const)
    if (before[what] !== after[what])
      throw refused(
        'LEDGER_INCONSISTENT',
        `Taking over ${user} would move the ${what}: ${before[what]} before, ${after[what]} after.`,
        `Nothing changed for this user. See: pinnacle doctor ledger --user ${user} --strict`,
      );
}

async function countLeft(trx: Trx, user: UserId): Promise<number> {
  const { findings } = await checkInvariants(trx, user);
  return (
    findings
      // The audit entry of this change is the last row of its transaction.
      .filter(({ invariant }) => !invariant.name.startsWith('audit_'))
      .reduce((sum, { total }) => sum + total, 0)
  );
}
