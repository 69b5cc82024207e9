import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { changeFields, triggerFlags } from './fields.ts';

export const shared = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  phase: 4,
  repeat: 'resumes',
  args: {},
  flags: triggerFlags,
  fields: changeFields,
  examples: ['schema shared --dry-run', 'schema shared'],
  details:
    'Lifts the rules of `schema show`: the database refuses only what the tables must not have, so that other services go on writing as they do. doctor ledger finds what breaks a rule, and ledger adopt puts it right. With --hold-entries on, the database refuses their entries while trading is halted or a user is disabled.',
  async run(input, ctx: Context) {
    const { changeMode } = await import('../../operations/schema/change-mode.ts');
    return changeMode(ctx, 'shared', input);
  },
});
