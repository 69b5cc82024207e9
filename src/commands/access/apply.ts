import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { stepFields } from './fields.ts';

export const apply = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  args: {},
  flags: {},
  fields: stepFields,
  examples: ['access apply', 'access apply --yes', 'access apply --dry-run'],
  details:
    'Runs what `access plan` shows, in one transaction, and asks before it revokes anything. Needs a login with CREATEROLE that owns the database, its schema and the tables: configure it as migrateUrl. From then on daily commands refuse a superuser and the owner. Run it again after `migrate up`.',
  async run(_input, ctx: Context) {
    const { applyGrants } = await import('../../operations/access/apply-grants.ts');
    return applyGrants(ctx);
  },
});
