import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { confirmLoss } from '../../operations/migrations/confirm-loss.ts';
import { changesOf, lastPhase, readHistory, refuseChanged } from '../../operations/migrations/history.ts';
import { withSession } from '../../operations/migrations/rollout-session.ts';
import { runSteps } from '../../operations/migrations/run-steps.ts';
import { loadPhases } from '../../operations/migrations/scripts.ts';
import { refused } from '../../util/failure.ts';
import { lockWait, phaseFields } from './fields.ts';

export const redo = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  multiStep: true,
  repeat: 'advances',
  args: {},
  flags: { lockWait },
  fields: phaseFields,
  examples: ['migrate redo', 'migrate redo --dry-run'],
  details:
    'Takes the last phase back and applies it again, in one transaction, for trying out a script. Its up.sql may have changed since; its down.sql may not.',
  async run({ lockWait }, ctx: Context) {
    const phases = await loadPhases();
    return withSession(ctx, lockWait, async (session) => {
      const record = await readHistory(session.db);
      refuseChanged(
        changesOf(phases, record).filter(({ phase, part }) => phase < lastPhase(record) || part !== 'up'),
      );
      const last = phases[lastPhase(record) - 1];
      if (!last) throw refused('NOTHING_APPLIED', 'No phase is applied.', 'Run: pinnacle migrate up');
      await confirmLoss(ctx, session, [last]);
      const steps = [
        { phase: last, direction: 'down' },
        { phase: last, direction: 'up' },
      ] as const;
      return (await runSteps(ctx, session, steps, true)).slice(1);
    });
  },
});
