import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { readHistory, statusOf } from '../../operations/migrations/history.ts';
import { loadPhases } from '../../operations/migrations/scripts.ts';
import { phaseFields } from './fields.ts';

export const status = defineCommand({
  effect: 'read',
  args: {},
  flags: { exitCode: toggle('end 6 unless every phase is applied and unchanged') },
  fields: phaseFields,
  examples: ['migrate status', 'migrate status --exit-code --json phase,state'],
  async run({ exitCode }, ctx: Context) {
    const [phases, record] = await Promise.all([loadPhases(), ctx.db().then(readHistory)]);
    const rows = statusOf(phases, record);
    return exitCode && rows.some(({ state }) => state !== 'applied') ? new Finding(rows) : rows;
  },
});
