import { sql } from 'kysely';
import { writeAudit } from '../../audit/log.ts';
import { defineCommand } from '../../cli/command.ts';
import { integer } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import {
  type Applied,
  lastPhase,
  readHistory,
  recordPhase,
  statusOf,
} from '../../operations/migrations/history.ts';
import { inTransaction, type Session, withSession } from '../../operations/migrations/rollout-session.ts';
import { loadPhases, type Phase, tablesOf } from '../../operations/migrations/scripts.ts';
import { refused } from '../../util/failure.ts';
import { checkPhase, lockWait, phaseFields } from './fields.ts';

export const baseline = defineCommand({
  effect: 'write',
  roles: ['owner'],
  repeat: 'advances',
  args: { phase: integer('PHASE', 'the phase the database is at', 1, 1_000) },
  flags: { lockWait },
  fields: phaseFields,
  examples: ['migrate baseline 2', 'migrate baseline 4 --dry-run'],
  details:
    'Records the phases up to PHASE as applied without running them, for a database that was given its tables by other means. Refused where their tables are not there; how exactly they fit is what `migrate drift` tells.',
  async run({ phase: goal, lockWait }, ctx: Context) {
    const phases = await loadPhases();
    checkPhase('PHASE', goal, phases);
    const chosen = phases.filter(({ phase }) => phase <= goal);
    return withSession(ctx, lockWait, async (session) => {
      const last = lastPhase(await readHistory(session.db));
      if (last > 0)
        throw refused(
          'ALREADY_RECORDED',
          `The database is recorded as being at phase ${last}; a baseline is for one without a record.`,
          'See: pinnacle migrate status',
        );
      await refuseMissing(session, chosen);
      const record = await inTransaction(ctx, session, async () => {
        const recorded: Applied[] = [];
        for (const phase of chosen) {
          recorded.push(await recordPhase(session.db, phase, ctx.now(), 0));
          await writeAudit(session.db, ctx.origin, {
            target: `phase ${phase.phase}`,
            body: { baseline: goal, name: phase.name, sha256: phase.up.sha256 },
          });
        }
        return recorded;
      });
      await ctx.io.say('Compare the database with the scripts now: pinnacle migrate drift');
      return statusOf(chosen, record);
    });
  },
});

async function refuseMissing({ db }: Session, phases: readonly Phase[]): Promise<void> {
  const expected = phases.flatMap((phase) => tablesOf(phase));
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM unnest(${expected}::text[]) AS name WHERE to_regclass(name) IS NULL`.execute(db);
  if (rows.length > 0)
    throw refused(
      'TABLES_MISSING',
      `These tables are not there: ${rows.map(({ name }) => name).join(', ')}.`,
      'Name the last phase whose tables are all there, or run: pinnacle migrate up',
    );
}
