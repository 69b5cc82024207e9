import { sql } from 'kysely';
import { changedIf, firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { needStep, SNAPSHOTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { localTime } from '../trading-day.ts';
import { readEquityDay } from './equity-day.ts';
import { type SnapshotDay, writeSnapshots, writtenOf } from './write-snapshots.ts';

/**
 * Takes down what every user is worth at the end of a trading day, at the marks of the positions, in one transaction. A Finding
 * where a position has no mark of the day, or a user has traded since. Throws PHASE_NEEDED, and a usage error for a day that is
 * still to come.
 */
export async function takeSnapshots(ctx: Context, asked: string | undefined) {
  let problems: string[] = [];
  const result = await ctx.change(async (trx) => {
    needStep(trx, SNAPSHOTS_SINCE_STEP);
    const { day, taken } = await snapshotsOf(ctx, trx, asked);
    const lacking = problemsOf(taken);
    problems = taken.length === 0 ? [`Nobody was there on ${day}: nothing was taken down.`] : lacking;
    const written = writtenOf(taken);
    const rows = lacking.length > 0 ? new Finding(taken) : taken;
    return changedIf(written > 0, rows, `equity ${day}`, { written, days: firstListed(taken) });
  });
  for (const problem of problems) await ctx.io.warn(problem);
  return result;
}

/** Takes down a day within another change. The users need not be locked: a fill that comes in between belongs to the next time. */
export async function snapshotsOf(
  ctx: Context,
  trx: Trx,
  asked: string | undefined,
): Promise<{ day: string; taken: SnapshotDay[] }> {
  const { day, pricedFrom } = await readEquityDay(ctx, trx, asked, '--day');
  const taken = await writeSnapshots(trx, {
    days: [{ day, pricedFrom }],
    user: undefined,
    valued: atMarks(trx),
    with: sql`begun AS (SELECT user_id, ${localTime(sql`created_at`, trx)}::date AS day FROM users)`,
    hasMovedOn: sql`n.later > 0`,
    pricedBy: 'marks',
  });
  return { day, taken };
}

// What no share costs. Other programs may have written anything, NaN and infinity included.
const MAX_MARK = sql`1e12`;

/** SQL for what open positions are worth at marks that count on the day. Without a quote behind it, a mark is as old as its row. */
const atMarks = (trx: Trx) => sql`
  SELECT p.user_id, a.day, count(*)::int AS open_positions,
    json_agg(DISTINCT p.symbol ORDER BY p.symbol) FILTER (WHERE NOT m.is_priced) AS unpriced,
    sum(CASE WHEN m.is_priced THEN round(p.unrealized_pnl::numeric, 2) END) AS unrealized,
    sum(m.value) FILTER (WHERE p.side = 'LONG') AS long_value, sum(m.value) FILTER (WHERE p.side <> 'LONG') AS short_value,
    min(m.at) AS priced_at
  FROM positions p CROSS JOIN asked a
  CROSS JOIN LATERAL (SELECT coalesce(p.marked_at, p.updated_at) AS at) AS t
  CROSS JOIN LATERAL (
    SELECT t.at, t.at >= a.priced_from AND ${localTime(sql`t.at`, trx)}::date <= a.day
      AND p.current_price > 0 AND p.current_price < ${MAX_MARK} AS is_priced
  ) AS k
  CROSS JOIN LATERAL (
    SELECT k.at, k.is_priced, CASE WHEN k.is_priced THEN round(p.current_price::text::numeric * p.quantity, 2) END AS value
  ) AS m
  WHERE p.status = 'OPEN' GROUP BY p.user_id, a.day`;

/** What keeps days from being complete, for people. */
export function problemsOf(days: readonly SnapshotDay[]): string[] {
  return days.flatMap(({ day, incomplete, moved_on, unpriced }) => [
    ...(incomplete > 0
      ? [`${day}: ${pluralize(incomplete, 'user')} without a price of the day in ${someOf(unpriced)}.`]
      : []),
    ...(moved_on > 0
      ? [
          `${day}: ${pluralize(moved_on, 'user')} traded since; report rebuild makes the day of closing prices.`,
        ]
      : []),
  ]);
}
