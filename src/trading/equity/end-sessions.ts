import { sql } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { formatRupees, sumOfMoney } from '../../domain/money.ts';
import { hasStep, SNAPSHOTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import { type LeftOpen, readLeftOpen } from '../ledger/left-open.ts';
import { endRunning, lockOwners } from '../sessions/end-running.ts';
import { noSession } from '../sessions/store.ts';
import { lockUser } from '../users/store.ts';
import { problemsOf, snapshotsOf } from './take-snapshots.ts';
import { writtenOf } from './write-snapshots.ts';

/** Ends the running session of a user with the present capital. Throws SESSION_NOT_FOUND if there is none. */
export function endSession(ctx: Context, userId: UserId) {
  return ctx.change(async (trx) => {
    await lockUser(trx, userId);
    const [session] = await endRunning(trx, userId);
    if (!session) throw noSession(userId, 'active session');
    return changed(session, auditTarget('session', session.session_id), { session });
  });
}

/**
 * Ends every running session with the present capital and takes down what every user is worth; returns the sessions with what
 * their users leave open, and says it. With `mustBeFlat` that is a Finding, also of users whose session ended before.
 */
export async function endAllSessions(ctx: Context, { mustBeFlat = false } = {}) {
  let problems: string[] = [];
  let left: (LeftOpen & { user_id: UserId })[] = [];
  const sessions = await ctx.change(async (trx) => {
    await lockOwners(trx);
    const ended = await endRunning(trx, undefined);
    const snapshots = (await mayTakeSnapshots(trx)) ? (await snapshotsOf(ctx, trx, undefined)).taken : [];
    problems = problemsOf(snapshots);
    const ids = ended.map(({ user_id }) => user_id);
    const open = await readLeftOpen(trx.db, mustBeFlat ? [...ids, ...(await whoIsOpen(trx))] : ids);
    const rows = ended.map((session) => ({ ...session, ...open.get(session.user_id) }));
    left = [...open].flatMap(([user_id, each]) => (isFlat(each) ? [] : [{ user_id, ...each }]));
    const shown = mustBeFlat && left.length > 0 ? new Finding(rows) : rows;
    if (ended.length === 0 && writtenOf(snapshots) === 0) return unchanged(shown);
    const sessions = firstListed(ended).map(({ session_id }) => session_id);
    return changed(shown, 'sessions', { ended: ended.length, sessions, snapshots });
  });
  for (const problem of problems) await ctx.io.warn(problem);
  if (left.length > 0) await ctx.io.say(describeLeft(left));
  return sessions;
}

/** Who has an open position or a working order. */
async function whoIsOpen(trx: Trx): Promise<UserId[]> {
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM positions WHERE status = 'OPEN' UNION SELECT user_id FROM orders WHERE ${IS_WORKING}`.execute(
    trx.db,
  );
  return rows.map(({ user_id }) => user_id);
}

const isFlat = ({ open_positions, working_orders }: LeftOpen) => open_positions === 0 && working_orders === 0;

/** What users leave open, in a sentence for each kind, with the command that ends it. */
function describeLeft(left: readonly (LeftOpen & { user_id: UserId })[]): string {
  const holding = left.filter(({ open_positions }) => open_positions > 0);
  const waiting = left.filter(({ working_orders }) => working_orders > 0);
  const names = (some: typeof left) => someOf(some.map(({ user_id }) => user_id));
  const positions = holding.reduce((sum, { open_positions }) => sum + open_positions, 0);
  const orders = waiting.reduce((sum, { working_orders }) => sum + working_orders, 0);
  const pnl = formatRupees(sumOfMoney(holding.map(({ unrealized_pnl }) => unrealized_pnl)));
  return [
    ...(positions > 0
      ? [
          `Left open: ${pluralize(positions, 'position')} with ${pnl} unrealized, of ${names(holding)}. See: pinnacle position list`,
        ]
      : []),
    ...(orders > 0
      ? [
          `Left working: ${pluralize(orders, 'order')} of ${names(waiting)}. To end them: pinnacle order cancel --all`,
        ]
      : []),
  ].join('\n');
}

/** Whether the schema has snapshots and the login may write them: its grants may be older than the table. */
async function mayTakeSnapshots(trx: Trx): Promise<boolean> {
  if (!hasStep(trx, SNAPSHOTS_SINCE_STEP)) return false;
  const { rows } = await sql<{ may: boolean }>`
    SELECT has_table_privilege('equity_snapshots', 'INSERT') AND has_table_privilege('equity_snapshots', 'UPDATE') AS may`.execute(
    trx.db,
  );
  return rows[0]?.may === true;
}
