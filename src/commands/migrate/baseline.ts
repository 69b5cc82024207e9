import { defineCommand } from '../../cli/command.ts';
import { integer, optional } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { lockWait, phaseFields } from './fields.ts';

export const baseline = defineCommand({
  effect: 'write',
  roles: ['owner'],
  repeat: 'advances',
  args: { phase: integer('PHASE', 'the phase the database is at', 1, 1_000) },
  flags: {
    step: optional(integer('N', 'the last step of PHASE that the database has (default: all)', 1, 1_000)),
    lockWait,
  },
  fields: phaseFields,
  examples: ['migrate baseline 2', 'migrate baseline 4 --step 1 --dry-run'],
  details:
    'Records the phases up to PHASE as applied without running them, for a database whose tables were created by other means. Refused where tables of those phases are missing; `migrate drift` compares them in detail.',
  async run({ phase, step, lockWait }, ctx: Context) {
    const { recordBaseline } = await import('../../operations/migrations/record-baseline.ts');
    return recordBaseline(ctx, { goal: phase, last: step, lockWait });
  },
});
