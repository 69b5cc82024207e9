import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { confirmLoss } from '../../operations/migrations/confirm-loss.ts';
import { changesOf, lastPhase, readHistory, refuseChanged } from '../../operations/migrations/history.ts';
import { withSession } from '../../operations/migrations/rollout-session.ts';
import { runSteps } from '../../operations/migrations/run-steps.ts';
import { loadPhases } from '../../operations/migrations/scripts.ts';
import { checkPhase, lockWait, phaseFields, to } from './fields.ts';

export const down = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  multiStep: true,
  repeat: 'advances',
  args: {},
  flags: { to: to('stay at this phase; one phase down when it is left out', 0), lockWait },
  fields: phaseFields,
  examples: ['migrate down', 'migrate down --to 0 --confirm pinnacle', 'migrate down --dry-run'],
  details:
    'Drops the tables of each phase. Empty ones just go; where they hold rows, the name of the database must be typed out: --confirm NAME. With --to 0 nothing of ours is left, not even the audit log.',
  async run({ to, lockWait }, ctx: Context) {
    const phases = await loadPhases();
    checkPhase('--to', to ?? 0, phases);
    return withSession(ctx, lockWait, async (session) => {
      const record = await readHistory(session.db);
      const goal = to ?? Math.max(0, lastPhase(record) - 1);
      const going = record.filter(({ phase }) => phase > goal).reverse();
      if (going.length === 0) {
        await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(record)}.`);
        return [];
      }
      refuseChanged(changesOf(phases, going));
      const chosen = phases.filter(({ phase }) => going.some((applied) => applied.phase === phase)).reverse();
      await confirmLoss(ctx, session, chosen);
      return runSteps(
        ctx,
        session,
        chosen.map((phase) => ({ phase, direction: 'down' })),
      );
    });
  },
});
