import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { changeFields, lockWait } from './fields.ts';

export const repair = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  multiStep: true,
  repeat: 'advances',
  args: {},
  flags: { lockWait },
  fields: changeFields,
  examples: ['migrate repair --yes', 'migrate repair --dry-run'],
  details:
    'Records the scripts as they are now, after a review: `migrate verify` compares with what is recorded. Changes no table. A recorded phase without a folder stays recorded.',
  async run({ lockWait }, ctx: Context) {
    const { repairHistory } = await import('../../operations/migrations/repair-history.ts');
    return repairHistory(ctx, lockWait);
  },
});
