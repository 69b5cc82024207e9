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
    'One row per superuser, per member of a pinnacle role, and per role with direct grants on a table. All other logins have no access. From PostgreSQL 16 on a role that may only grant a pinnacle role is an admin of it.',
  async run(_input, ctx: Context) {
    const { listPrivileges } = await import('../../operations/access/list-privileges.ts');
    return listPrivileges(ctx);
  },
});
