import type { Kysely } from 'kysely';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
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
import { GRANTS, OWNER, ROLES, type Role, UNGRANTED } from './role-grants.ts';

/** One statement of the difference between the grants that are and those that should be. */
export interface GrantStep {
  change: 'missing' | 'excess';
  role: string;
  object: string;
  sql: string;
}

/** Every table, granted to a role or to nobody. */
export const TABLES = [
  ...new Set([...UNGRANTED, ...Object.values(GRANTS).flatMap((grants) => Object.keys(grants))]),
]
  .filter((object) => !object.includes(' '))
  .sort();

/** What is missing and what is in excess, as statements in the order in which they must run. */
export async function diffGrants(db: Kysely<Database>): Promise<GrantStep[]> {
  const roles = await readRoles(db);
  const owned = await readOwners(db, TABLES);
  const rights = await readRights(db);
  const prerequisites = await readPrerequisites(db, OWNER);
  const present = presentIn(owned);
  const should = wanted(owned);
  return [
    ...ROLES.flatMap((role) => {
      const found = roles.find((one) => one.role === role);
      return found ? roleSteps(found) : [step('missing', role, 'role', `CREATE ROLE ${role} NOLOGIN`)];
    }),
    ...prerequisiteSteps(prerequisites),
    ...ownerSteps(owned, prerequisites),
    ...rightSteps(
      should,
      rights.filter(({ role, object }) => present.has(object) && isOurs(role)),
    ),
  ];
}

/** What `access apply` gave, as values: whether the owner role owns everything, and the rights as `role object privilege column`. */
export interface Granted {
  owned: boolean;
  rights: string[];
}

/** What of the grants that there should be is in force; no other right is told. */
export async function readGranted(db: Kysely<Database>): Promise<Granted> {
  const owned = await readOwners(db, TABLES);
  const given = new Set((await readRights(db)).map(keyOf));
  return {
    owned: owned.length > 0 && owned.every(({ owner }) => owner === OWNER),
    rights: wanted(owned)
      .map(keyOf)
      .filter((key) => given.has(key)),
  };
}

/** The statements that give a schema without grants what `granted` tells; a right that no role should have is not among them. */
export async function planGranted(db: Kysely<Database>, granted: Granted): Promise<string[]> {
  const owned = await readOwners(db, TABLES);
  const prerequisites = await readPrerequisites(db, OWNER);
  const rights = wanted(owned).filter((right) => granted.rights.includes(keyOf(right)));
  if (!granted.owned && rights.length === 0) return [];
  return [
    ...prerequisiteSteps(prerequisites).filter(({ object }) => object === 'schema'),
    ...(granted.owned ? ownerSteps(owned, { ...prerequisites, may_own: true }) : []),
    ...statements('missing', rights),
  ].map(({ sql }) => sql);
}

const keyOf = ({ role, object, privilege, column }: Right) =>
  `${role} ${object} ${privilege} ${column ?? ''}`;

/** Every right of `Granted` that a role of ours can have. */
export const GRANTABLE: ReadonlySet<string> = new Set(rightsOf(() => true).map(keyOf));

const presentIn = (owned: readonly Owned[]) =>
  new Set(owned.map(({ kind, name }) => (kind === 'TABLE' ? name : `${kind} ${name}`)));

const isOurs = (role: string) => role === '' || ROLES.includes(role as Role);
const step = (change: GrantStep['change'], role: string, object: string, sql: string): GrantStep => ({
  change,
  role,
  object,
  sql,
});

/** A group role has grants and nothing else: it cannot log in, has no attribute and is in no other group. */
function roleSteps({ role, attributes, member_of }: RoleRow): GrantStep[] {
  // Only the attributes that it has: some of them only a superuser may even revoke.
  const without = attributes.map((attribute) => `NO${attribute}`).join(' ');
  return [
    ...(without ? [step('excess', role, 'role', `ALTER ROLE ${role} ${without}`)] : []),
    ...member_of.map(({ group, grantor }) => {
      // Otherwise only what the login itself has granted is revoked.
      const by = grantor === null ? '' : ` GRANTED BY ${grantor}`;
      return step('excess', role, 'role', `REVOKE ${quoteIdentifier(group)} FROM ${role}${by}`);
    }),
  ];
}

function prerequisiteSteps({ schema, database, rights }: Prerequisites): GrantStep[] {
  const has = new Set(rights);
  const isPublic = (right: string) => has.has(` ${right}`);
  const needs = (role: Role) => (role === OWNER ? ['USAGE', 'CREATE'] : ['USAGE']);
  return [
    ...(isPublic('CREATE')
      ? [step('excess', 'PUBLIC', 'schema', `REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC`)]
      : []),
    ...ROLES.flatMap((role) => [
      ...(isPublic('CONNECT') || has.has(`${role} CONNECT`)
        ? []
        : [step('missing', role, 'database', `GRANT CONNECT ON DATABASE ${database} TO ${role}`)]),
      ...needs(role)
        .filter((right) => !has.has(`${role} ${right}`))
        .map((right) => step('missing', role, 'schema', `GRANT ${right} ON SCHEMA ${schema} TO ${role}`)),
      ...(role !== OWNER && has.has(`${role} CREATE`)
        ? [step('excess', role, 'schema', `REVOKE CREATE ON SCHEMA ${schema} FROM ${role}`)]
        : []),
    ]),
    // A login may connect and nothing else: temporary tables fill the disk, and hold back what waits for old transactions.
    ...(isPublic('TEMPORARY')
      ? [step('excess', 'PUBLIC', 'database', `REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`)]
      : []),
  ];
}

function ownerSteps(owned: readonly Owned[], { schema, me, may_own, with_both }: Prerequisites): GrantStep[] {
  const others = owned.filter(({ owner }) => owner !== OWNER);
  if (others.length === 0) return [];
  return [
    ...(may_own ? [] : [step('missing', OWNER, 'role', `GRANT ${OWNER} TO ${me}${with_both}`)]),
    ...others.map(({ kind, name }) =>
      step(
        'missing',
        OWNER,
        name,
        `ALTER ${kind} ${name.includes('.') ? name : `${schema}.${name}`} OWNER TO ${OWNER}`,
      ),
    ),
  ];
}

/** The rights that the roles should have on the tables and columns that exist. */
function wanted(owned: readonly Owned[]): Right[] {
  const present = presentIn(owned);
  const columns = new Map(owned.map(({ name, columns }) => [name, new Set(columns)]));
  return rightsOf(
    (object, column) => present.has(object) && (column === undefined || !!columns.get(object)?.has(column)),
  );
}

function rightsOf(exists: (object: string, column?: string) => boolean): Right[] {
  return Object.entries(GRANTS).flatMap(([role, tables]) =>
    Object.entries(tables)
      .filter(([object]) => exists(object))
      .flatMap(([object, grants]) =>
        Object.entries(grants).flatMap(([privilege, columns]): Right[] =>
          columns === true
            ? [{ role, object, privilege, column: null }]
            : columns
                .filter((column) => exists(object, column))
                .map((column) => ({ role, object, privilege, column })),
        ),
      ),
  );
}

function rightSteps(should: readonly Right[], has: readonly Right[]): GrantStep[] {
  const except = (all: readonly Right[], others: readonly Right[]) => {
    const known = new Set(others.map(keyOf));
    return all.filter((right) => !known.has(keyOf(right)));
  };
  const missing = except(should, has);
  const excess = except(has, should);
  // Revokes run first. Revoking a right on a table revokes it on its columns too, so those are granted again.
  const revoked = new Set(
    excess.filter(({ column }) => column === null).map((right) => keyOf({ ...right, column: null })),
  );
  const again = should.filter(
    (right) =>
      right.column !== null && revoked.has(keyOf({ ...right, column: null })) && !missing.includes(right),
  );
  return [...statements('excess', excess), ...statements('missing', [...missing, ...again])];
}

/** One statement per right, whatever the number of its columns. */
function statements(change: GrantStep['change'], rights: readonly Right[]): GrantStep[] {
  return grouped(rights).map((group) => {
    const { role, object, privilege, column } = group[0] as Right;
    const columns =
      column === null ? '' : ` (${group.map((right) => quoteIdentifier(String(right.column))).join(', ')})`;
    const grantee = role === '' ? 'PUBLIC' : role;
    const sql =
      change === 'missing'
        ? `GRANT ${privilege}${columns} ON ${object} TO ${grantee}`
        : `REVOKE ${privilege}${columns} ON ${object} FROM ${grantee}`;
    return step(change, grantee, object, sql);
  });
}

const groupOf = ({ role, object, privilege, column }: Right) =>
  `${role} ${object} ${privilege} ${column === null}`;

function grouped(rights: readonly Right[]): Right[][] {
  const groups = new Map<string, Right[]>();
  for (const right of rights) groups.set(groupOf(right), [...(groups.get(groupOf(right)) ?? []), right]);
  return [...groups.values()];
}
