import { sql } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import { auditTarget, changedIf } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { needStep } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { type Activated, byUser, tradingHalted } from '../risk/halts.ts';
import { findHalt, latestHalts } from '../risk/store.ts';
import { statusNotice } from './change-status.ts';
import { pausedByHalt, stillPausedBy } from './paused-by.ts';
import { ACTIVATION_COLUMNS, type Activation } from './store.ts';

/** The activation of a strategy that a halt paused: resumed, or why it stays PAUSED. */
type Resumed = Activation & { problem: string | null };

/**
 * Resumes what a halt paused and nobody has changed since, of all users or of one, in a fixed number of statements. A
 * Finding where a strategy stays PAUSED: it or its user is disabled, or another halt is active. Throws HALT_NOT_FOUND,
 * TRADING_HALTED while that halt is active, and a usage error that names the latest if none is named.
 */
export async function resumeStrategies(ctx: Context, named: string | undefined, user: UserId | undefined) {
  needStep(await ctx.source(), 1);
  const db = await ctx.db();
  if (named === undefined) throw usage('--all needs --halt.', await latestHalts(db));
  const halt = await findHalt(db, named);
  if (halt.resumed_at === null) throw tradingHalted(halt);
  const at = instant(ctx.now());
  let passed = 0;
  const result = await ctx.change(async (trx) => {
    const target = halt.user_id === null ? 'all users' : auditTarget('user', halt.user_id);
    const all = await pausedByHalt(trx, halt.halt_id, target);
    const paused = all.paused.filter(({ user_id }) => user === undefined || user_id === user);
    const users = [...new Set(paused.map(({ user_id }) => user_id))];
    await sql`SELECT FROM users WHERE user_id = ANY(${users}) ORDER BY user_id FOR NO KEY UPDATE`.execute(
      trx.db,
    );
    const before = await readPaused(trx, await stillPausedBy(trx, halt.halt_id, { ...all, paused }));
    passed = paused.length - before.length;
    const free = before.filter(({ problem }) => problem === null);
    await sql`
      UPDATE user_strategies s SET status = 'ACTIVE', updated_at = ${at}::timestamp
      FROM ${unnest('w', { user_id: 'text', strategy_id: 'text' }, free)}
      WHERE s.user_id = w.user_id AND s.strategy_id = w.strategy_id`.execute(trx.db);
    const rows = before.map(
      (each): Resumed => (each.problem === null ? { ...each, status: 'ACTIVE' } : each),
    );
    const resumed = rows.filter(({ problem }) => problem === null);
    await insertNotifications(
      trx,
      at,
      resumed.map((each) => statusNotice('PAUSED', each)),
    );
    await writeAudits(trx.db, ctx.origin, entriesOf(halt.halt_id, resumed));
    const body = { halt_id: halt.halt_id, resumed: resumed.length, left: rows.length - resumed.length };
    const shown = rows.length > resumed.length ? new Finding(rows) : rows;
    return changedIf(resumed.length > 0, shown, 'strategies', body);
  });
  if (passed > 0)
    await ctx.io.say(
      `${pluralize(passed, 'strategy', 'strategies')} that it paused ${passed === 1 ? 'was' : 'were'} changed since, and ${passed === 1 ? 'stays' : 'stay'} as it is.`,
    );
  return result;
}

/** Those of some strategies that are PAUSED, each with what keeps it from becoming ACTIVE. */
async function readPaused(trx: Trx, some: readonly Activated[]): Promise<Resumed[]> {
  const { rows } = await sql<Resumed>`
    SELECT ${sql.join(ACTIVATION_COLUMNS.map((name) => sql.ref(`s.${name}`)))},
      CASE WHEN NOT u.enabled THEN 'the user is disabled'
        WHEN NOT t.is_active THEN 'the strategy is not available'
        WHEN h.halt_id IS NOT NULL THEN 'trading is halted: ' || h.reason END AS problem
    FROM ${unnest('w', { user_id: 'text', strategy_id: 'text' }, some)}
      JOIN user_strategies s ON s.user_id = w.user_id AND s.strategy_id = w.strategy_id
      JOIN users u ON u.user_id = s.user_id JOIN strategies t ON t.strategy_id = s.strategy_id
      LEFT JOIN LATERAL (
        SELECT halt_id, reason FROM trading_halts
        WHERE resumed_at IS NULL AND coalesce(user_id, '') IN ('', s.user_id) ORDER BY user_id NULLS FIRST LIMIT 1
      ) h ON true
    WHERE s.status = 'PAUSED' ORDER BY s.user_id, s.strategy_id`.execute(trx.db);
  return rows;
}

/** An entry per user, so that the log of each says what runs again. */
function entriesOf(halt_id: string, resumed: readonly Activated[]) {
  return [...byUser(resumed)].map(([user, strategies]) => ({
    target: auditTarget('user', user),
    body: { halt_id, strategies },
  }));
}
