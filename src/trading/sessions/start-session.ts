import { sql } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { FLOWS_SINCE_STEP, hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { refused } from '../../util/failure.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { type TradingDay, tradingDayOf } from '../trading-day.ts';
import { lockUser, userDisabled } from '../users/store.ts';
import { findActive, findSessions } from './store.ts';

/**
 * Starts a session of a user with the present capital. Its peak and drawdown continue those of the earlier sessions of
 * the trading day. Throws USER_DISABLED, or SESSION_ACTIVE if one is running.
 */
export async function startSession(ctx: Context, userId: UserId) {
  const day = await tradingDayOf(ctx);
  return ctx.change(async (trx) => {
    const owner = await lockUser(trx, userId);
    if (!owner.enabled) throw userDisabled(userId);
    const running = await findActive(trx.db, userId);
    if (running)
      throw refused(
        'SESSION_ACTIVE',
        `${userId} has a running session since ${running.start_time}: ${running.session_id}.`,
        `End it first: pinnacle session end ${userId}`,
      );
    const [session] = await insertSessions(trx, [userId], day);
    if (!session) throw new Error('a session that was just started is there');
    return changed(session, auditTarget('session', session.session_id), { session });
  });
}

/**
 * Starts a session of every enabled user without a running one, or only of those with an ACTIVE strategy, in the same way;
 * returns them, and says who has one. A Finding where one of an earlier trading day still runs.
 */
export async function startAllSessions(ctx: Context, { onlyTrading = false } = {}) {
  const day = await tradingDayOf(ctx);
  let owners: Owner[] = [];
  const result = await ctx.change(async (trx) => {
    owners = await lockOwners(trx, day, onlyTrading);
    const started = await insertSessions(
      trx,
      owners.flatMap(({ user_id, running }) => (running === null ? [user_id] : [])),
      day,
    );
    const old = await findSessions(trx.db, leftOver(owners));
    const rows = [
      ...started.map((session) => ({ ...session, problem: null })),
      ...old.map((session) => ({ ...session, problem: `runs since ${session.start_time}` })),
    ];
    const shown = old.length > 0 ? new Finding(rows) : rows;
    if (started.length === 0) return unchanged(shown);
    const sessions = firstListed(started).map(({ session_id }) => session_id);
    return changed(shown, 'sessions', { started: started.length, sessions });
  });
  const having = owners.flatMap(({ user_id, running, is_old }) => (running && !is_old ? [user_id] : []));
  if (having.length > 0)
    await ctx.io.say(
      `${pluralize(having.length, 'user has', 'users have')} a session of today already: ${someOf(having)}`,
    );
  const behind = owners.flatMap(({ user_id, is_old }) => (is_old ? [user_id] : []));
  if (behind.length > 0)
    await ctx.io.warn(
      `No session of today for ${someOf(behind)}: that of an earlier day still runs. First run: pinnacle session end --all`,
    );
  return result;
}

/** An enabled user, and the session that runs. */
interface Owner {
  user_id: UserId;
  running: string | null;
  /** Whether it is of an earlier trading day. */
  is_old: boolean;
}

const leftOver = (owners: readonly Owner[]) =>
  owners.flatMap(({ running, is_old }) => (running !== null && is_old ? [running] : []));

async function lockOwners(trx: Trx, { dayStart }: TradingDay, onlyTrading: boolean): Promise<Owner[]> {
  const meant = onlyTrading
    ? sql`enabled AND EXISTS (
        SELECT FROM user_strategies a WHERE a.user_id = u.user_id AND a.status = 'ACTIVE')`
    : sql`enabled`;
  await sql`SELECT FROM users u WHERE ${meant} ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  const { rows } = await sql<Owner>`
    SELECT u.user_id, s.session_id AS running, coalesce(s.start_time < ${dayStart}::timestamp, false) AS is_old
    FROM users u LEFT JOIN LATERAL (
      SELECT session_id, start_time FROM trading_sessions s
      WHERE s.user_id = u.user_id AND s.status = 'ACTIVE' ORDER BY start_time DESC, session_id DESC LIMIT 1
    ) s ON true
    WHERE ${meant} ORDER BY u.user_id`.execute(trx.db);
  return rows;
}

/**
 * Writes sessions of users without a running one, who must be locked. Each begins with the peak of its trading day so
 * far and the largest drawdown from it: ending a session does not forget a loss. What was paid in or out since is none.
 */
async function insertSessions(trx: Trx, users: readonly UserId[], { now, dayStart }: TradingDay) {
  const rows = users.map((user_id) => ({ user_id, session_id: mintId('ses', new Date(now)) }));
  await sql`
    INSERT INTO trading_sessions (session_id, user_id, start_time, capital_at_start, peak_equity, max_drawdown, created_at,
      updated_at)
    SELECT n.session_id, user_id, ${now}::timestamp, u.total_capital, greatest(u.total_capital, d.peak),
      coalesce(d.worst, 0), ${now}::timestamp, ${now}::timestamp
    FROM ${unnest('n', { session_id: 'text', user_id: 'text' }, rows)} JOIN users u USING (user_id) CROSS JOIN LATERAL (
      SELECT max(peak_equity + ${movedSince(trx)}) AS peak, max(max_drawdown) AS worst FROM trading_sessions s
      WHERE s.user_id = u.user_id AND s.end_time > ${dayStart}::timestamp
    ) d`.execute(trx.db);
  return findSessions(
    trx.db,
    rows.map(({ session_id }) => session_id),
  );
}

/** SQL for what movements of money came to since the session `s` ended. */
const movedSince = (schema: Schema) =>
  hasStep(schema, FLOWS_SINCE_STEP)
    ? sql`(SELECT coalesce(sum(amount), 0)::float8 FROM cash_flows f WHERE f.user_id = s.user_id AND f.created_at > s.end_time)`
    : sql`0`;
