import { sql } from 'kysely';
import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';
import { type Applied, lastPhase, readHistory, recordPhase, statusOf } from './history.ts';
import { inTransaction, type Session, withSession } from './rollout-session.ts';
import { assertPhaseExists, loadPhases, type Phase, tablesOf } from './scripts.ts';

/**
 * Records the phases up to `goal` as applied without running them; returns their status. Throws ALREADY_RECORDED or
 * TABLES_MISSING (exit 5). `lockWait` is in milliseconds.
 */
export async function recordBaseline(ctx: Context, { goal, lockWait }: { goal: number; lockWait: number }) {
  const phases = await loadPhases();
  assertPhaseExists('PHASE', goal, phases);
  const chosen = phases.filter(({ phase }) => phase <= goal);
  return withSession(ctx, lockWait, async (session) => {
    const last = lastPhase(await readHistory(session.db));
    if (last > 0)
      throw refused(
        'ALREADY_RECORDED',
        `The database is already recorded at phase ${last}; a baseline is for a database without a history.`,
        'See: pinnacle migrate status',
      );
    await refuseMissing(session, chosen);
    const recorded = await inTransaction(ctx, session, () => record(ctx, session, chosen, goal));
    await ctx.io.say('Now compare the database with the scripts: pinnacle migrate drift');
    return statusOf(chosen, recorded);
  });
}

async function record(
  ctx: Context,
  { db }: Session,
  phases: readonly Phase[],
  goal: number,
): Promise<Applied[]> {
  const recorded: Applied[] = [];
  for (const phase of phases) {
    recorded.push(await recordPhase(db, phase, ctx.now(), 0));
    await writeAudit(db, ctx.origin, {
      target: `phase ${phase.phase}`,
      body: { baseline: goal, name: phase.name, sha256: phase.up.sha256 },
    });
  }
  return recorded;
}

async function refuseMissing({ db }: Session, phases: readonly Phase[]): Promise<void> {
  const expected = phases.flatMap((phase) => tablesOf(phase));
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM unnest(${expected}::text[]) AS name WHERE to_regclass(name) IS NULL`.execute(db);
  if (rows.length > 0)
    throw refused(
      'TABLES_MISSING',
      `The database lacks these tables: ${rows.map(({ name }) => name).join(', ')}.`,
      'Name the last phase whose tables all exist, or run: pinnacle migrate up',
    );
}
