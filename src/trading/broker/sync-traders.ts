import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { compareBooks } from '../../domain/reconcile/compare-books.ts';
import { Failure } from '../../util/failure.ts';
import { truncate } from '../../util/text.ts';
import { tradingDayOf } from '../trading-day.ts';
import { findUser } from '../users/store.ts';
import { applyRepairs } from './apply-repairs.ts';
import { eachOf } from './each-of.ts';
import { tradersAt } from './find-traders.ts';
import { resolveCalls } from './journal.ts';
import { brokerKind, openBroker } from './open-broker.ts';
import { comparisonClock, readOurBook } from './our-book.ts';
import { readTheirBooks } from './their-books.ts';

/** What a sync did for a trader, and what it left. */
export interface Synced {
  user_id: UserId;
  accepted: number;
  fills: number;
  cancelled: number;
  rejected: number;
  /** Differences of orders that are not repaired by themselves. */
  differences: number;
  /** Calls whose outcome nobody knows still. */
  unresolved: number;
  /** Why the books did not come; '' where they did. */
  problem: string;
}

/**
 * Brings the orders and executions of the broker into the book, trader by trader, several at once: each one transaction and
 * one audit entry, however much there is, and nothing twice. A trader whose broker does not answer keeps no other from it. Throws
 * USER_NOT_FOUND and NO_BROKER.
 */
export async function syncTraders(ctx: Context, user: UserId | undefined): Promise<Synced[]> {
  const users = await tradersToSync(ctx, user);
  return eachOf(ctx, users, (each) => syncTrader(ctx, each));
}

/** The trader that is named, or all who may have something at the broker. */
async function tradersToSync(ctx: Context, user: UserId | undefined): Promise<UserId[]> {
  const kind = await brokerKind(ctx);
  if (user === undefined) return tradersAt(ctx, kind);
  await findUser(await ctx.db(), user);
  return [user];
}

interface Watch {
  intervalMs: number;
  /** Ends after this many milliseconds. */
  period: number | undefined;
  /** Ends after this many rows. */
  count: number | undefined;
}

/**
 * Syncs again and again until interrupted; yields what changed something, and what kept a trader from it when it begins and
 * when it ends. Goes on while the broker or the database does not answer.
 */
export async function* followSync(
  ctx: Context,
  user: UserId | undefined,
  { intervalMs, period, count }: Watch,
): AsyncGenerator<Synced> {
  const until = period === undefined ? Number.POSITIVE_INFINITY : ctx.now().getTime() + period;
  const problems = new Map<UserId, string>();
  let left = count ?? Number.POSITIVE_INFINITY;
  for (;;) {
    for (const row of await syncOrWarn(ctx, user)) {
      const isNews = row.accepted + row.fills + row.cancelled + row.rejected > 0;
      if (!isNews && row.problem === (problems.get(row.user_id) ?? '')) continue;
      problems.set(row.user_id, row.problem);
      yield row;
      left--;
      if (left <= 0) return;
    }
    if (ctx.now().getTime() + intervalMs > until) return;
    await sleep(intervalMs, undefined, { signal: ctx.signal });
  }
}

/** One round; a database that is away is warned about, and looked for again in the next. */
async function syncOrWarn(ctx: Context, user: UserId | undefined): Promise<Synced[]> {
  try {
    return await syncTraders(ctx, user);
  } catch (error) {
    ctx.signal.throwIfAborted();
    const known = await ctx.explain(error);
    if (!(known instanceof Failure) || !['unreachable', 'busy'].includes(known.kind)) throw error;
    await ctx.io.warn(known.message);
    return [];
  }
}

const NOTHING = { accepted: 0, fills: 0, cancelled: 0, rejected: 0, differences: 0, unresolved: 0 };

async function syncTrader(ctx: Context, user_id: UserId): Promise<Synced> {
  const row = await bringBooks(ctx, user_id).catch(async (error) => {
    ctx.signal.throwIfAborted();
    const known = await ctx.explain(error);
    // What is configured wrongly is so for every trader, and a book that cannot be written is no matter of one.
    const isOfOne =
      known instanceof Failure &&
      (known.code.startsWith('BROKER_') ||
        known.code === 'CREDENTIALS_UNREADABLE' ||
        known.kind === 'refused');
    if (!isOfOne) throw error;
    return { ...NOTHING, user_id, problem: known.message };
  });
  if (!ctx.dryRun) await noteSync(ctx, row);
  return row;
}

/** The books are read before ours: what happens between the two is not missing at the broker. */
async function bringBooks(ctx: Context, user_id: UserId): Promise<Synced> {
  const clock = comparisonClock(await tradingDayOf(ctx));
  const theirs = await readTheirBooks(ctx, await openBroker(ctx, user_id), ['orders', 'trades']);
  const ours = await readOurBook(await ctx.source(), user_id, theirs, clock);
  const found = compareBooks(ours, theirs, clock, ['orders']);
  const { repaired, ...done } = await applyRepairs(ctx, user_id, found, clock.now);
  const resolved = new Set(repaired);
  const missing = found.filter((difference) => difference.class === 'UNANSWERED');
  const left = found.filter(
    (difference) =>
      !resolved.has(difference) && difference.class !== 'UNANSWERED' && difference.severity !== 'INFO',
  );
  const unresolved = await resolveCalls(ctx, user_id, clock.dayStart);
  return {
    user_id,
    ...done,
    differences: left.length,
    unresolved,
    problem: missing.map(({ theirs: text }) => text).join('; '),
  };
}

const MAX_PROBLEM = 300;

/** Notes when a trader with an account was synced last, and what kept it from happening. */
async function noteSync(ctx: Context, { user_id, problem }: Synced): Promise<void> {
  await sql`
    UPDATE broker_accounts
    SET sync_problem = ${truncate(problem, MAX_PROBLEM)},
      synced_at = CASE WHEN ${problem} = '' THEN clock_timestamp() AT TIME ZONE 'UTC' ELSE synced_at END
    WHERE user_id = ${user_id}`.execute(await ctx.db());
}
