import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { changeFields, triggerFlags } from './fields.ts';

export const strict = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  phase: 4,
  repeat: 'resumes',
  args: {},
  flags: triggerFlags,
  fields: changeFields,
  examples: ['schema strict --dry-run', 'schema strict'],
  details:
    'Sets the rules of `schema show` as constraints, unique indexes and triggers, while others write. Refused while rows break one. While trading is halted or a user is disabled, the database refuses entries of every other program as well.',
  async run(input, ctx: Context) {
    const { changeMode } = await import('../../operations/schema/change-mode.ts');
    return changeMode(ctx, 'strict', input);
  },
});
