import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { stepFields } from './fields.ts';

export const plan = defineCommand({
  effect: 'read',
  phase: 1,
  args: {},
  flags: {},
  fields: stepFields,
  examples: ['access plan', 'access plan --columns sql', 'access plan --json'],
  details:
    'Compares roles, owners and grants with those of docs/security.md and lists what is missing and what is in excess. Exits 6 while there is something to do, so that a pipeline notices. Writes nothing. The embedded database has a single user and nothing to grant.',
  async run(_input, ctx: Context) {
    const { planGrants } = await import('../../operations/access/plan-grants.ts');
    const steps = await planGrants(ctx);
    return steps.length > 0 ? new Finding(steps) : steps;
  },
});
