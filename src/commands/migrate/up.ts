import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import {
  changesOf,
  lastPhase,
  readHistory,
  refuseChanged,
  statusOf,
} from '../../operations/migrations/history.ts';
import { withSession } from '../../operations/migrations/rollout-session.ts';
import { runSteps } from '../../operations/migrations/run-steps.ts';
import { loadPhases } from '../../operations/migrations/scripts.ts';
import { checkPhase, lockWait, phaseFields, to } from './fields.ts';

export const up = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  repeat: 'resumes',
  args: {},
  flags: { to: to('stop at this phase; the last one when it is left out', 1), lockWait },
  fields: phaseFields,
  examples: ['migrate up', 'migrate up --to 2', 'migrate up --dry-run', 'migrate up --lock-wait 5m'],
  details:
    'Each phase is one transaction, and one rollout runs at a time. What is applied already is left as it is, so this may be repeated. With --dry-run all phases run in one transaction that is rolled back.',
  async run({ to, lockWait }, ctx: Context) {
    const phases = await loadPhases();
    const goal = to ?? phases.length;
    checkPhase('--to', goal, phases);
    return withSession(ctx, lockWait, async (session) => {
      const record = await readHistory(session.db);
      refuseChanged(changesOf(phases, record));
      const steps = phases
        .filter(({ phase }) => phase > lastPhase(record) && phase <= goal)
        .map((phase) => ({ phase, direction: 'up' as const }));
      if (steps.length === 0)
        await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(record)}.`);
      const before = statusOf(phases, record).filter(({ state }) => state === 'applied');
      return [...before, ...(await runSteps(ctx, session, steps))];
    });
  },
});
