import type { Context } from '../../context.ts';
import { type Membership, type Right, readRights, readRoles } from './catalog.ts';
import { ROLES } from './role-grants.ts';

interface Privilege {
  role: string;
  is: 'superuser' | 'member' | 'admin' | 'group' | 'login' | 'role' | 'everybody';
  through: string | null;
  object: string | null;
  /** `SELECT, INSERT (command, target, body)`. */
  rights: string | null;
}

/** Who has access and through what: superusers, members of our roles, roles with grants of their own. None embedded. */
export async function listPrivileges(ctx: Context): Promise<Privilege[]> {
  const { kind, kysely } = await ctx.connection();
  if (kind === 'embedded') return [];
  const read = kysely.transaction().setAccessMode('read only');
  const { roles, rights } = await read.execute(async (trx) => ({
    roles: await readRoles(trx),
    rights: await readRights(trx),
  }));
  const ours = new Set<string>(ROLES);
  const kindOf = (role: string) =>
    role === ''
      ? 'everybody'
      : ours.has(role)
        ? 'group'
        : roles.find((one) => one.role === role)?.login
          ? 'login'
          : 'role';
  const none = { through: null, object: null, rights: null };
  const supers = roles.filter(({ superuser }) => superuser);
  const members = roles.flatMap(({ role, member_of }) => {
    const groups = new Set(member_of.map(({ group }) => group).filter((group) => ours.has(group)));
    return [...groups].map((through): Privilege => {
      const is = isMember(member_of, through) ? 'member' : 'admin';
      return { ...none, role, is, through };
    });
  });
  const tables = byTable(rights);
  return [
    ...supers.map(({ role }): Privilege => ({ role, is: 'superuser', ...none })),
    ...members,
    ...tables.map(
      ({ role, object, rights }): Privilege => ({
        role: role || 'PUBLIC',
        is: kindOf(role),
        through: null,
        object,
        rights,
      }),
    ),
  ];
}

const isMember = (all: readonly Membership[], of: string) =>
  all.some(({ group, counts }) => group === of && counts);

function byTable(all: readonly Right[]) {
  const tables = new Map<string, { role: string; object: string; given: Map<string, string[]> }>();
  for (const { role, object, privilege, column } of all) {
    const key = JSON.stringify([role, object]);
    const table = tables.get(key) ?? { role, object, given: new Map() };
    tables.set(key, table);
    table.given.set(privilege, [...(table.given.get(privilege) ?? []), ...(column === null ? [] : [column])]);
  }
  return [...tables.values()].map(({ role, object, given }) => ({
    role,
    object,
    rights: [...given]
      .map(([right, columns]) => (columns.length > 0 ? `${right} (${columns.join(', ')})` : right))
      .join(', '),
  }));
}
