import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { phaseFields } from './fields.ts';

export const status = defineCommand({
  effect: 'read',
  args: {},
  flags: { exitCode: toggle('exit 6 unless every phase is applied and unchanged') },
  fields: phaseFields,
  examples: ['migrate status', 'migrate status --exit-code --json phase,state'],
  async run({ exitCode }, ctx: Context) {
    const { listPhases } = await import('../../operations/migrations/inspect-phases.ts');
    const rows = await listPhases(ctx);
    return exitCode && rows.some(({ state }) => state !== 'applied') ? new Finding(rows) : rows;
  },
});
