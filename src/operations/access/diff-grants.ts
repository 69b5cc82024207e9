import type { Kysely } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import {
  type Owned,
  type Prerequisites,
  type Right,
  type RoleRow,
  readOwners,
  readPrerequisites,
  readRights,
  readRoles,
} from './catalog.ts';
import { GRANTS, OWNER, ROLES, type Role } from './role-grants.ts';

/** One statement that brings the database nearer to what it should be. */
export interface Step {
  change: 'missing' | 'excess';
  role: string;
  object: string;
  sql: string;
}

/** Every table that the roles know of. */
export const TABLES = [...new Set(Object.values(GRANTS).flatMap((grants) => Object.keys(grants)))]
  .filter((object) => !object.includes(' '))
  .sort();

/** What is missing and what is too much, as statements in the order they must run. */
export async function diffGrants(db: Kysely<Database>): Promise<Step[]> {
  const [roles, owned, rights, ground] = [
    await readRoles(db),
    await readOwners(db, TABLES),
    await readRights(db),
    await readPrerequisites(db, OWNER),
  ];
  const present = new Set(owned.map(({ kind, name }) => (kind === 'TABLE' ? name : `${kind} ${name}`)));
  const should = wanted(present);
  return [
    ...ROLES.flatMap((role) => {
      const found = roles.find((one) => one.role === role);
      return found ? roleSteps(found) : [step('missing', role, 'role', `CREATE ROLE ${role} NOLOGIN`)];
    }),
    ...prerequisiteSteps(ground),
    ...ownerSteps(owned, ground),
    ...rightSteps(
      should,
      rights.filter(({ role, object }) => present.has(object) && isOurs(role)),
    ),
  ];
}

const isOurs = (role: string) => role === '' || ROLES.includes(role as Role);
const step = (change: Step['change'], role: string, object: string, sql: string): Step => ({
  change,
  role,
  object,
  sql,
});

/** A group is nothing but its grants: it cannot log in, has no attribute, and is in no other group. */
function roleSteps({ role, attributes, member_of }: RoleRow): Step[] {
  // Only those it has: some, only a superuser may even say NO to.
  const without = attributes.map((attribute) => `NO${attribute}`).join(' ');
  return [
    ...(without ? [step('excess', role, 'role', `ALTER ROLE ${role} ${without}`)] : []),
    ...member_of.map((group) => step('excess', role, 'role', `REVOKE ${quote(group)} FROM ${role}`)),
  ];
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

function prerequisiteSteps({ schema, database, rights }: Prerequisites): Step[] {
  const has = new Set(rights);
  const open = (right: string) => has.has(` ${right}`);
  const needs = (role: Role) => (role === OWNER ? ['USAGE', 'CREATE'] : ['USAGE']);
  return [
    ...(open('CREATE')
      ? [step('excess', 'PUBLIC', 'schema', `REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC`)]
      : []),
    ...ROLES.flatMap((role) => [
      ...(open('CONNECT') || has.has(`${role} CONNECT`)
        ? []
        : [step('missing', role, 'database', `GRANT CONNECT ON DATABASE ${database} TO ${role}`)]),
      ...needs(role)
        .filter((right) => !has.has(`${role} ${right}`))
        .map((right) => step('missing', role, 'schema', `GRANT ${right} ON SCHEMA ${schema} TO ${role}`)),
      ...(role !== OWNER && has.has(`${role} CREATE`)
        ? [step('excess', role, 'schema', `REVOKE CREATE ON SCHEMA ${schema} FROM ${role}`)]
        : []),
    ]),
  ];
}

function ownerSteps(owned: readonly Owned[], { schema, me, may_own }: Prerequisites): Step[] {
  const strangers = owned.filter(({ owner }) => owner !== OWNER);
  if (strangers.length === 0) return [];
  return [
    ...(may_own ? [] : [step('missing', OWNER, 'role', `GRANT ${OWNER} TO ${me}`)]),
    ...strangers.map(({ kind, name }) =>
      step(
        'missing',
        OWNER,
        name,
        `ALTER ${kind} ${name.includes('.') ? name : `${schema}.${name}`} OWNER TO ${OWNER}`,
      ),
    ),
  ];
}

/** The rights that the roles should have on the tables there are. */
function wanted(present: ReadonlySet<string>): Right[] {
  return Object.entries(GRANTS).flatMap(([role, tables]) =>
    Object.entries(tables)
      .filter(([object]) => present.has(object))
      .flatMap(([object, grants]) =>
        Object.entries(grants).flatMap(([privilege, columns]): Right[] =>
          columns === true
            ? [{ role, object, privilege, column: null }]
            : columns.map((column) => ({ role, object, privilege, column })),
        ),
      ),
  );
}

function rightSteps(should: readonly Right[], has: readonly Right[]): Step[] {
  const without = (all: readonly Right[], others: readonly Right[]) => {
    const known = new Set(others.map(keyOf));
    return all.filter((right) => !known.has(keyOf(right)));
  };
  const [missing, excess] = [without(should, has), without(has, should)];
  // What is taken away comes first: taking a right on a table takes it on the columns, too.
  const taken = new Set(
    excess.filter(({ column }) => column === null).map((right) => keyOf({ ...right, column: null })),
  );
  const again = should.filter(
    (right) =>
      right.column !== null && taken.has(keyOf({ ...right, column: null })) && !missing.includes(right),
  );
  return [...statements('excess', excess), ...statements('missing', [...missing, ...again])];
}

const keyOf = ({ role, object, privilege, column }: Right) =>
  `${role} ${object} ${privilege} ${column ?? ''}`;

/** One statement for all the columns of a right. */
function statements(change: Step['change'], rights: readonly Right[]): Step[] {
  return grouped(rights).map((group) => {
    const { role, object, privilege, column } = group[0] as Right;
    const columns =
      column === null ? '' : ` (${group.map((right) => quote(String(right.column))).join(', ')})`;
    const who = role === '' ? 'PUBLIC' : role;
    const sql =
      change === 'missing'
        ? `GRANT ${privilege}${columns} ON ${object} TO ${who}`
        : `REVOKE ${privilege}${columns} ON ${object} FROM ${who}`;
    return step(change, who, object, sql);
  });
}

const groupOf = ({ role, object, privilege, column }: Right) =>
  `${role} ${object} ${privilege} ${column === null}`;

function grouped(rights: readonly Right[]): Right[][] {
  const groups = new Map<string, Right[]>();
  for (const right of rights) groups.set(groupOf(right), [...(groups.get(groupOf(right)) ?? []), right]);
  return [...groups.values()];
}
