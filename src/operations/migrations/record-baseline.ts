import { sql } from 'kysely';
import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { refused, usage } from '../../util/failure.ts';
import { type Applied, lastPhase, phaseStates, readHistory, recordStep } from './history.ts';
import { inTransaction, type Session, withSession } from './rollout-session.ts';
import { assertPhaseExists, labelOf, loadSteps, type Step, tablesOf } from './scripts.ts';

/**
 * Records the phases up to `goal` as applied without running them, of the last one the steps up to `last`, by default all;
 * returns their status. Throws ALREADY_RECORDED or TABLES_MISSING (exit 5). `lockWait` is in milliseconds.
 */
export async function recordBaseline(
  ctx: Context,
  { goal, last, lockWait }: { goal: number; last: number | undefined; lockWait: number },
) {
  const steps = await loadSteps();
  assertPhaseExists('PHASE', goal, steps);
  const newest = steps.findLast(({ phase }) => phase === goal)?.step ?? 0;
  if (last !== undefined && last > newest)
    throw usage(`--step: phase ${goal} has no step ${last}; its last is ${newest}.`);
  const chosen = steps.filter(
    ({ phase, step }) => phase < goal || (phase === goal && step <= (last ?? newest)),
  );
  return withSession(ctx, lockWait, async (session) => {
    const recorded = lastPhase(await readHistory(session.db));
    if (recorded > 0)
      throw refused(
        'ALREADY_RECORDED',
        `The database is already recorded at phase ${recorded}; a baseline is for a database without a history.`,
        'See: pinnacle migrate status',
      );
    await refuseMissing(session, chosen);
    const history = await inTransaction(ctx, session, () => record(ctx, session, chosen, goal));
    await ctx.io.say('Now compare the database with the scripts: pinnacle migrate drift');
    return phaseStates(steps, history).filter(({ state }) => state !== 'pending');
  });
}

async function record(
  ctx: Context,
  { db }: Session,
  steps: readonly Step[],
  goal: number,
): Promise<Applied[]> {
  const recorded: Applied[] = [];
  for (const step of steps) {
    recorded.push(await recordStep(db, step, ctx.now(), 0));
    await writeAudit(db, ctx.origin, {
      target: labelOf(step),
      body: { baseline: goal, name: step.name, sha256: step.up.sha256 },
    });
  }
  return recorded;
}

async function refuseMissing({ db }: Session, steps: readonly Step[]): Promise<void> {
  const expected = steps.flatMap((step) => tablesOf(step));
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM unnest(${expected}::text[]) AS name WHERE to_regclass(name) IS NULL`.execute(db);
  if (rows.length > 0)
    throw refused(
      'TABLES_MISSING',
      `The database lacks these tables: ${rows.map(({ name }) => name).join(', ')}.`,
      'Name the last phase whose tables all exist, with --step the last step of it, or run: pinnacle migrate up. Tables that another program made are taken over by: pinnacle migrate adopt --plan',
    );
}
