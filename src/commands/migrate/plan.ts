import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { to } from './fields.ts';

export const plan = defineCommand({
  effect: 'read',
  args: {},
  flags: { to: to('stop at this phase (default: the last)', 1) },
  fields: {
    phase: { type: 'integer' },
    statement: { type: 'integer' },
    line: { type: 'integer' },
    sql: { type: 'text' },
  },
  examples: ['migrate plan', 'migrate plan --to 2 --columns sql', 'migrate plan --json'],
  details:
    'One row per line of SQL that `migrate up` would run, with its line in the script; `--columns sql` in a pipe prints the SQL alone. Writes nothing.',
  async run({ to }, ctx: Context) {
    const { planPhases } = await import('../../operations/migrations/inspect-phases.ts');
    return planPhases(ctx, to);
  },
});
