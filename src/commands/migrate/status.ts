import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { stepFields } from './fields.ts';

export const status = defineCommand({
  effect: 'read',
  args: {},
  flags: {
    exitCode: toggle('exit 6 unless every phase is applied and unchanged'),
    steps: toggle('one row per step instead of one per phase'),
  },
  fields: stepFields,
  examples: ['migrate status', 'migrate status --exit-code --json phase,state', 'migrate status --steps'],
  details:
    'A phase consists of numbered steps, which later versions add to. A phase that lacks some of its steps is partial: migrate up applies them.',
  async run({ exitCode, steps }, ctx: Context) {
    const { listPhases } = await import('../../operations/migrations/inspect-phases.ts');
    const rows = await listPhases(ctx, steps);
    return exitCode && rows.some(({ state }) => state !== 'applied') ? new Finding(rows) : rows;
  },
});
