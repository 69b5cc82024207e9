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
    'Compares roles, owners and grants with those of docs/security.md: what is missing and what is too much. Ends 6 while there is something to do, so that a pipeline sees it. Nothing is written. The embedded database has one user, and nothing to grant.',
  async run(_input, ctx: Context) {
    const { kind, kysely } = await ctx.connection();
    if (kind === 'embedded') return [];
    const { diffGrants } = await import('../../operations/access/diff-grants.ts');
    const steps = await kysely.transaction().setAccessMode('read only').execute(diffGrants);
    if (steps.length > 0) return new Finding(steps);
    await ctx.io.say('Nothing to do: roles and grants are as they should be.');
    return steps;
  },
});
