import { sql } from 'kysely';
import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import {
  ACTIONS_SINCE_STEP,
  hasStep,
  needStep,
  OTHER_WRITERS_SINCE_STEP,
} from '../../platform/postgres/schema-phase.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { notFound, refused } from '../../util/failure.ts';
import { lockUser } from '../users/store.ts';
import { changedSince, revertRepairs } from './repairs.ts';

/** What was given back of a user. */
export interface Undone extends Record<string, unknown> {
  run_id: string;
  user_id: UserId;
  fills: number;
  balances: number;
  repaired: number;
}

/**
 * Takes an adoption back: its executions and opening balances no longer count, and rows that it put right are as they were.
 * One transaction per user. Throws ADOPTION_NOT_FOUND (exit 3), and ADOPTION_BUILT_ON (exit 5) for a user of whom something was
 * booked, taken over or changed since.
 */
export async function undoAdoption(ctx: Context, runId: string): Promise<Undone[]> {
  const source = await ctx.source();
  needStep(source, OTHER_WRITERS_SINCE_STEP);
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM ledger_openings WHERE run_id = ${runId} AND undone_at IS NULL
    UNION SELECT o.user_id FROM order_fills f JOIN orders o ON o.order_id = f.order_id WHERE f.adopted = ${runId}
    ORDER BY 1`.execute(source.db);
  if (rows.length === 0)
    throw notFound('adoption', runId, 'See: pinnacle audit list --command "ledger adopt"');
  await ctx.confirm('What this adoption took over is taken back: doctor ledger will name it again.');
  const undone: Undone[] = [];
  for (const { user_id } of rows) undone.push(...(await ctx.change((trx) => undoUser(trx, user_id, runId))));
  return undone;
}

async function undoUser(trx: Trx, user: UserId, runId: string) {
  await lockUser(trx, user);
  const { rows: found } = await sql<{ fill_id: string; mine: boolean; moved: boolean }>`
    WITH run AS (
      SELECT min(seq) AS seq FROM (
        SELECT seq FROM ledger_openings WHERE run_id = ${runId} AND user_id = ${user}
        UNION ALL
        SELECT f.seq FROM order_fills f JOIN orders o ON o.order_id = f.order_id
        WHERE f.adopted = ${runId} AND o.user_id = ${user}
      ) AS places
    )
    SELECT f.fill_id, f.adopted IS NOT DISTINCT FROM ${runId} AS mine, f.position_id IS NOT NULL AS moved
    FROM order_fills f JOIN orders o ON o.order_id = f.order_id CROSS JOIN run
    WHERE o.user_id = ${user} AND (f.adopted = ${runId} OR f.seq > run.seq)`.execute(trx.db);
  if (found.some(({ mine, moved }) => mine && moved))
    throw builtOn(user, 'a fill took it over, and moved a position by it');
  const actedOn = sql`UNION ALL
    SELECT 'action', true FROM corporate_action_effects e JOIN ledger_openings l ON l.id = e.position_id AND l.kind = 'position'
    WHERE l.run_id = ${runId} AND l.user_id = ${user} AND e.seq > l.seq AND e.reversed_at IS NULL`;
  const { rows: open } = await sql<{ kind: string; later: boolean }>`
    SELECT kind, run_id <> ${runId} AS later FROM ledger_openings
    WHERE user_id = ${user} AND undone_at IS NULL AND run_id >= ${runId}
    ${hasStep(trx, ACTIONS_SINCE_STEP) ? actedOn : sql``}`.execute(trx.db);
  const fills = found.filter(({ mine }) => mine).map(({ fill_id }) => fill_id);
  const balances = open.filter(({ later }) => !later);
  if (fills.length + balances.length === 0) return unchanged([]);
  const altered = await changedSince(trx, user, runId);
  if (found.some(({ mine }) => !mine) || open.some(({ later }) => later))
    throw builtOn(user, 'something was booked or taken over since');
  if (altered.length > 0) throw builtOn(user, `rows were changed since, such as ${altered[0]}`);
  await revertRepairs(trx, user, runId);
  await sql`SELECT order_fills_take_out(${fills})`.execute(trx.db);
  await sql`
    UPDATE ledger_openings SET undone_by = session_user, undone_at = ${await serverNow(trx.db)}::timestamp
    WHERE run_id = ${runId} AND user_id = ${user}`.execute(trx.db);
  const repaired = balances.filter(({ kind }) => kind === 'repair').length;
  const result = {
    run_id: runId,
    user_id: user,
    fills: fills.length,
    balances: balances.length - repaired,
    repaired,
  };
  return changed([result], auditTarget('user', user), { undone: result });
}

const builtOn = (user: UserId, why: string) =>
  refused(
    'ADOPTION_BUILT_ON',
    `The adoption of ${user} cannot be taken back: ${why}.`,
    `Nothing changed for this user. Executions can be corrected (fill correct, fill bust): pinnacle fill list --user ${user}`,
  );
