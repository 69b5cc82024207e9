import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Scope } from '../../domain/reconcile/compare-books.ts';
import {
  type Difference,
  type DifferenceClass,
  isRepairable,
  NEVER_REPAIRED,
  REPAIRABLE_CLASSES,
} from '../../domain/reconcile/difference.ts';
import { Failure, refused, usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { tradingDayOf } from '../trading-day.ts';
import { findUser } from '../users/store.ts';
import { applyRepairs } from './apply-repairs.ts';
import { compareTrader } from './compare-trader.ts';
import { eachOf } from './each-of.ts';
import { tradersAt } from './find-traders.ts';
import { checkMayBook } from './may-book.ts';
import { brokerKind } from './open-broker.ts';
import { comparisonClock } from './our-book.ts';

/** What to compare, of whom, and which classes of differences to repair. */
export interface ReconcileRequest {
  user: UserId | undefined;
  all: boolean;
  scope: Scope;
  apply: readonly DifferenceClass[];
}

/** A difference of a trader, as a row. */
export type DifferenceRow = Omit<Difference, 'repair'> & {
  user_id: UserId;
  /** Whether --apply with its class repairs it. */
  repairable: boolean;
  applied: boolean;
};

/**
 * Compares the book of a trader, or of everyone, with that of the broker, and repairs the differences of the classes that
 * are asked for, after a confirmation: one transaction and one audit entry per trader. A finding of exit 6 where
 * differences remain, of exit 7 where a book of the broker did not come. Throws NOT_REPAIRABLE (exit 5) for a class that
 * is never repaired by itself.
 */
export async function reconcile(
  ctx: Context,
  { user, all, scope, apply }: ReconcileRequest,
): Promise<DifferenceRow[] | Finding<DifferenceRow>> {
  if ((user === undefined) !== all) throw usage('Name a USER or give --all, not both.');
  for (const each of apply) refuseUnrepairable(each, scope);
  const kind = await brokerKind(ctx);
  await checkMayBook(ctx);
  if (user !== undefined) await findUser(await ctx.db(), user);
  const users = user === undefined ? await tradersAt(ctx, kind) : [user];
  const clock = comparisonClock(await tradingDayOf(ctx));
  const found = await eachOf(ctx, users, async (each) => ({
    user: each,
    differences: await compareTrader(ctx, each, { scope, clock, lenient: user === undefined }),
  }));
  const applied = apply.length === 0 ? NONE : await repairAll(ctx, found, apply, clock.now);
  const rows = found.flatMap(({ user: user_id, differences }) =>
    differences.map(({ repair, ...difference }) => ({
      user_id,
      ...difference,
      repairable: isRepairable({ repair }),
      applied: repair !== null && applied.has(repair),
    })),
  );
  const isOpen = (row: DifferenceRow) => !row.applied && row.severity !== 'INFO';
  if (rows.some((row) => row.class === 'UNANSWERED')) return new Finding(rows, 'unreachable');
  if (rows.length === 0) await ctx.io.say(`No differences: ${pluralize(users.length, 'trader')} compared.`);
  return rows.some(isOpen) ? new Finding(rows) : rows;
}

interface Compared {
  user: UserId;
  differences: Difference[];
}

const NONE: ReadonlySet<unknown> = new Set();

function refuseUnrepairable(name: DifferenceClass, scope: Scope): void {
  const why = NEVER_REPAIRED[name as keyof typeof NEVER_REPAIRED];
  if (why !== undefined)
    throw refused('NOT_REPAIRABLE', `${name} is never repaired by --apply. ${why}`, 'Nothing changed.');
  if (scope !== 'orders')
    throw usage(`${name} is a difference of orders.`, `Run: pinnacle reconcile orders --all --apply ${name}`);
}

/** Repairs what may be repaired of these classes; returns the repairs that were made. A dry run makes none. */
async function repairAll(
  ctx: Context,
  found: readonly Compared[],
  apply: readonly DifferenceClass[],
  asOf: Instant,
): Promise<ReadonlySet<unknown>> {
  const chosen = found.map(({ user, differences }) => ({
    user,
    differences: differences.filter((each) => apply.includes(each.class) && each.repair !== null),
  }));
  await confirmPlan(
    ctx,
    chosen.flatMap(({ differences }) => differences.filter(isRepairable)),
  );
  const done = new Set<unknown>();
  for (const { user, differences } of chosen) {
    const repaired = await repairTrader(ctx, { user, differences }, asOf, found.length > 1);
    if (!ctx.dryRun) for (const { repair } of repaired) done.add(repair);
  }
  return done;
}

/** Shows how many repairs of each class there are, and asks. */
async function confirmPlan(ctx: Context, plan: readonly Difference[]): Promise<void> {
  if (plan.length === 0) return;
  for (const name of REPAIRABLE_CLASSES) {
    const count = plan.filter((each) => each.class === name).length;
    if (count > 0) await ctx.io.say(`${name}: ${pluralize(count, 'repair')}`);
  }
  await ctx.confirm(`Make ${pluralize(plan.length, 'repair')}?`);
}

/** Repairs the book of one trader; that of one among several that cannot be repaired keeps no other from it. */
async function repairTrader(
  ctx: Context,
  { user, differences }: Compared,
  asOf: Instant,
  isOneOfSeveral: boolean,
): Promise<readonly Difference[]> {
  try {
    return (await applyRepairs(ctx, user, differences, asOf)).repaired;
  } catch (error) {
    ctx.signal.throwIfAborted();
    const known = await ctx.explain(error);
    if (!isOneOfSeveral || !(known instanceof Failure) || known.kind !== 'refused') throw error;
    await ctx.io.say(`${user}: ${known.message}`);
    return [];
  }
}
