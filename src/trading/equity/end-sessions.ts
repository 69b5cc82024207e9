import { sql } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { hasStep, SNAPSHOTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
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

/** Ends every running session with the present capital and takes down what every user is worth; returns the sessions. */
export async function endAllSessions(ctx: Context) {
  let problems: string[] = [];
  const sessions = await ctx.change(async (trx) => {
    await lockOwners(trx);
    const ended = await endRunning(trx, undefined);
    const snapshots = (await mayTakeSnapshots(trx)) ? (await snapshotsOf(ctx, trx, undefined)).taken : [];
    problems = problemsOf(snapshots);
    if (ended.length === 0 && writtenOf(snapshots) === 0) return unchanged(ended);
    const sessions = firstListed(ended).map(({ session_id }) => session_id);
    return changed(ended, 'sessions', { ended: ended.length, sessions, snapshots });
  });
  for (const problem of problems) await ctx.io.warn(problem);
  return sessions;
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
