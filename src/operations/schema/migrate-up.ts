import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { hasStep, OTHER_WRITERS_SINCE_STEP, readSchema } from '../../platform/postgres/schema-phase.ts';
import {
  changesOf,
  lastPhase,
  pendingSteps,
  phaseStates,
  readHistory,
  refuseChanged,
} from '../migrations/history.ts';
import { inTransaction, type Session, withSession } from '../migrations/rollout-session.ts';
import { runSteps } from '../migrations/run-steps.ts';
import { assertPhaseExists, loadSteps, newestPhase } from '../migrations/scripts.ts';
import { applySettings } from './change-mode.ts';
import { type SchemaSettings, SHARED, statementsOf } from './rules.ts';
import { writeSchemaSettings } from './settings.ts';

/**
 * Applies the pending steps of the phases up to `to`, by default of all, one transaction each; returns every phase that is
 * applied then. A new schema on a server is shared with other services unless `strict`; an older one stays as it is.
 * `lockWait` is in milliseconds. Throws SCRIPT_CHANGED or PHASE_UNKNOWN (exit 5) where the history differs.
 */
export async function migrateUp(
  ctx: Context,
  { to, strict, lockWait }: { to: number | undefined; strict: boolean; lockWait: number },
) {
  const steps = await loadSteps();
  const goal = to ?? newestPhase(steps);
  assertPhaseExists('--to', goal, steps);
  return withSession(ctx, lockWait, async (session) => {
    const history = await readHistory(session.db);
    refuseChanged(changesOf(steps, history));
    const pending = pendingSteps(steps, history, goal);
    if (pending.length === 0)
      await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(history)}.`);
    const done = await runSteps(
      ctx,
      session,
      pending.map((step) => ({ step, direction: 'up' })),
    );
    const isNew = done.some(({ step }) => step.phase === 4 && step.step === 1);
    if (!ctx.dryRun) await chooseMode(ctx, session, { strict, isNew });
    const now = [...history, ...done.flatMap(({ applied }) => applied ?? [])];
    return phaseStates(steps, now).filter(({ state }) => state !== 'pending');
  });
}

const STRICT: SchemaSettings = { mode: 'strict', record: true, hold: true };

/** Nobody else writes the embedded database, which stays as the scripts make it. */
async function chooseMode(
  ctx: Context,
  session: Session,
  { strict, isNew }: { strict: boolean; isNew: boolean },
): Promise<void> {
  if (!hasStep(await readSchema(session.db), OTHER_WRITERS_SINCE_STEP)) return;
  if (strict) await applySettings(ctx, session, STRICT);
  else if (isNew && session.connection.kind === 'server') await shareNew(ctx, session);
}

/** Nothing is there yet that an index would have to be built aside of. */
async function shareNew(ctx: Context, session: Session): Promise<void> {
  await inTransaction(ctx, session, async () => {
    for (const statement of statementsOf(SHARED)) await execute(session.db, statement);
    const body = await writeSchemaSettings(session.db, SHARED);
    await writeAudit(session.db, ctx.origin, { target: 'settings', body });
  });
  await ctx.io.say('Other services may write these tables. Where nobody else does: pinnacle schema strict');
}
