import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { keepCapital, lockWait, phaseFields } from './fields.ts';

export const redo = defineCommand({
  effect: 'destroy',
  roles: ['owner'],
  multiStep: true,
  repeat: 'advances',
  args: {},
  flags: { keepCapital, lockWait },
  fields: phaseFields,
  examples: ['migrate redo', 'migrate redo --dry-run'],
  details:
    'Reverts the last phase and applies it again, in one transaction, for trying out a script. Its up.sql may have changed since it was applied; its down.sql may not.',
  async run(input, ctx: Context) {
    const { redoLastPhase } = await import('../../operations/migrations/migrate-down.ts');
    return redoLastPhase(ctx, input);
  },
});
