import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { lockWait, phaseFields, strict, to } from './fields.ts';

export const up = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  repeat: 'resumes',
  args: {},
  flags: { to: to('stop at this phase (default: the last)', 1), strict, lockWait },
  fields: phaseFields,
  examples: [
    'migrate up',
    'migrate up --to 2',
    'migrate up --strict',
    'migrate up --dry-run',
    'migrate up --lock-wait 5m',
  ],
  details:
    'Each step of a phase is one transaction, and one rollout runs at a time. Steps that are already applied are left alone, so the command may be repeated. A new schema on a server is shared with the services that write the same tables (see schema shared); --strict lets the database keep every rule of the book instead. With --dry-run all steps run in one transaction that is rolled back.',
  async run(input, ctx: Context) {
    const { migrateUp } = await import('../../operations/schema/migrate-up.ts');
    return migrateUp(ctx, input);
  },
});
