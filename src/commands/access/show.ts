import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 1,
  args: {},
  flags: {},
  fields: {
    role: { type: 'text' },
    is: { type: 'text' },
    through: { type: 'text' },
    object: { type: 'text' },
    rights: { type: 'text' },
  },
  examples: ['access show', 'access show --json role,is,through'],
  details:
    'A row for each superuser, each member of our roles, and each role with rights of its own on a table. Logins that are none of these have no access.',
  async run(_input, ctx: Context) {
    const { kind, kysely } = await ctx.connection();
    if (kind === 'embedded') return [];
    const { listPrivileges } = await import('../../operations/access/list-privileges.ts');
    return kysely.transaction().setAccessMode('read only').execute(listPrivileges);
  },
});
