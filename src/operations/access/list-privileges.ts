import type { Kysely } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { type Right, readRights, readRoles } from './catalog.ts';
import { ROLES } from './role-grants.ts';

interface Holding {
  role: string;
  is: 'superuser' | 'member' | 'group' | 'login' | 'role' | 'everybody';
  through: string | null;
  object: string | null;
  /** `SELECT, INSERT (command, target, body)`. */
  rights: string | null;
}

/** Who has access, and by what: superusers, members of our roles, and whoever has rights of his own. */
export async function listPrivileges(db: Kysely<Database>): Promise<Holding[]> {
  const roles = await readRoles(db);
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
  const members = roles.flatMap(({ role, member_of }) =>
    member_of.filter((group) => ours.has(group)).map((through) => ({ role, through })),
  );
  const tables = byTable(await readRights(db));
  return [
    ...supers.map(({ role }): Holding => ({ role, is: 'superuser', ...none })),
    ...members.map(({ role, through }): Holding => ({ ...none, role, is: 'member', through })),
    ...tables.map(
      ({ role, object, rights }): Holding => ({
        role: role || 'PUBLIC',
        is: kindOf(role),
        through: null,
        object,
        rights,
      }),
    ),
  ];
}

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
