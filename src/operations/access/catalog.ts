import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { TEXT_FUNCTIONS } from '../migrations/name-types.ts';
import { TYPES } from '../migrations/type-names.ts';
import { mayTakeOn } from './may-take-on.ts';

/** Functions that are called by name, not by a trigger. */
const CALLED = ['audit_seal', 'order_fills_take_out'];

/**
 * One right granted to a role; `column` is null where it covers the whole table. A function is written as GRANT takes
 * it: `FUNCTION audit_seal(integer,boolean)`.
 */
export interface Right {
  role: string;
  object: string;
  privilege: string;
  column: string | null;
}

/** The rights on the tables of the current schema and on audit_seal(), without those of the owners; PUBLIC is ''. */
export async function readRights(db: Kysely<Database>): Promise<Right[]> {
  const { rows } = await sql<Right>`
    WITH ours AS (
      SELECT oid, relname, relowner, relacl FROM pg_class
      WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
    ), given AS (
      SELECT o.relname::text AS object, o.relowner AS owner, a.grantee, a.privilege_type, NULL::text AS attname
      FROM ours o CROSS JOIN LATERAL aclexplode(o.relacl) a
      UNION ALL
      SELECT o.relname, o.relowner, a.grantee, a.privilege_type, c.attname
      FROM ours o JOIN pg_attribute c ON c.attrelid = o.oid AND NOT c.attisdropped
        CROSS JOIN LATERAL aclexplode(c.attacl) a
      UNION ALL
      SELECT 'FUNCTION ' || p.oid::regprocedure, p.proowner, a.grantee, a.privilege_type, NULL
      FROM pg_proc p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      WHERE p.pronamespace = current_schema()::regnamespace AND p.proname = ANY(${CALLED})
    )
    SELECT coalesce(r.rolname, '')::text AS role, g.object, g.privilege_type AS privilege, g.attname AS column
    FROM given g LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE g.grantee <> g.owner
    ORDER BY 1, 2, 3, 4`.execute(db);
  return rows;
}

/** That a role is a member of another one. */
export interface Membership {
  group: string;
  /** Whether it has the rights of the other role or may take it on: from PostgreSQL 16 on it may also only be able to grant it. */
  counts: boolean;
  /** Who granted it, as SQL writes it; null before PostgreSQL 16, where anybody with the right to revoke it can. */
  grantor: string | null;
}

/** A role of the cluster, and the roles it is a member of. */
export interface RoleRow {
  role: string;
  login: boolean;
  superuser: boolean;
  /** What it may do beyond its grants: LOGIN, SUPERUSER, CREATEDB, CREATEROLE, REPLICATION, BYPASSRLS. */
  attributes: string[];
  member_of: Membership[];
}

export async function readRoles(db: Kysely<Database>): Promise<RoleRow[]> {
  const { rows } = await sql<RoleRow>`
    SELECT r.rolname::text AS role, r.rolcanlogin AS login, r.rolsuper AS superuser,
      array_remove(ARRAY[
        CASE WHEN r.rolcanlogin THEN 'LOGIN' END, CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
        CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
        CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END
      ], NULL) AS attributes,
      coalesce((SELECT jsonb_agg(jsonb_build_object('group', g.rolname,
          'counts', coalesce((to_jsonb(m) ->> 'inherit_option')::boolean OR (to_jsonb(m) ->> 'set_option')::boolean, true),
          'grantor', CASE WHEN to_jsonb(m) ? 'set_option' THEN quote_ident(pg_get_userbyid(m.grantor)) END)
          ORDER BY g.rolname, m.grantor)
        FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid), '[]') AS member_of
    FROM pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1`.execute(db);
  return rows;
}

/** A table, type, function or operator of the schema and its owner. */
export interface Owned {
  kind: 'TABLE' | 'TYPE' | 'FUNCTION' | 'OPERATOR';
  /** As SQL writes it. */
  name: string;
  owner: string;
  /** Of a table: every column, with those of the system. */
  columns: string[] | null;
}

/**
 * The named tables with the enums of their columns, the functions of their triggers, those that are called, and what `schema compat`
 * made.
 */
export async function readOwners(db: Kysely<Database>, tables: readonly string[]): Promise<Owned[]> {
  const { rows } = await sql<Owned>`
    WITH ours AS (
      SELECT oid, relname, relowner FROM pg_class
      WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND relname = ANY(${tables})
    )
    SELECT 'TABLE' AS kind, quote_ident(relname) AS name, pg_get_userbyid(relowner)::text AS owner,
      ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = oid AND NOT attisdropped) AS columns
    FROM ours
    UNION SELECT 'TYPE', quote_ident(t.typname), pg_get_userbyid(t.typowner)::text, NULL
    FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid JOIN pg_type t ON t.oid = a.atttypid AND t.typtype = 'e'
    UNION SELECT 'FUNCTION', p.oid::regprocedure::text, pg_get_userbyid(p.proowner)::text, NULL
    FROM ours o JOIN pg_trigger g ON g.tgrelid = o.oid AND NOT g.tgisinternal JOIN pg_proc p ON p.oid = g.tgfoid
    UNION SELECT 'FUNCTION', p.oid::regprocedure::text, pg_get_userbyid(p.proowner)::text, NULL
    FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace AND p.proname = ANY(${[...CALLED, ...TEXT_FUNCTIONS]})
    UNION SELECT 'TYPE', quote_ident(t.typname), pg_get_userbyid(t.typowner)::text, NULL
    FROM pg_type t
    WHERE t.typnamespace = current_schema()::regnamespace AND t.typname = ANY(${TYPES}) AND t.typtype = 'd'
    UNION SELECT 'OPERATOR', format('%I.%s (%s, %s)', current_schema(), o.oprname, o.oprleft::regtype, o.oprright::regtype),
      pg_get_userbyid(o.oprowner)::text, NULL
    FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
    WHERE p.pronamespace = current_schema()::regnamespace AND p.proname = ANY(${[...TEXT_FUNCTIONS]})
    ORDER BY 1, 2`.execute(db);
  return rows;
}

/** What is granted on the schema and the database. */
export interface Prerequisites {
  schema: string;
  database: string;
  me: string;
  /** Role and privilege, as in `pinnacle_owner USAGE`; PUBLIC is '', as in ` CREATE`. */
  rights: string[];
  /** Whether this session has the rights of the owner role and may transfer tables to it. */
  may_own: boolean;
  /** What GRANT must say so that a member can do both, whatever the attributes of its login: nothing before PostgreSQL 16. */
  with_both: string;
}

export async function readPrerequisites(db: Kysely<Database>, owner: string): Promise<Prerequisites> {
  const { rows } = await sql<Prerequisites>`
    SELECT quote_ident(n.nspname) AS schema, quote_ident(current_database()) AS database,
      quote_ident(current_user) AS me,
      ARRAY(SELECT coalesce(r.rolname, '') || ' ' || a.privilege_type
        FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a LEFT JOIN pg_roles r ON r.oid = a.grantee
        UNION ALL SELECT coalesce(r.rolname, '') || ' ' || a.privilege_type
        FROM pg_database d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
          LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE d.datname = current_database() AND a.privilege_type IN ('CONNECT', 'TEMPORARY')) AS rights,
      coalesce((SELECT pg_has_role(oid, 'USAGE') AND ${mayTakeOn(sql`oid`)} FROM pg_roles WHERE rolname = ${owner}), false)
        AS may_own,
      CASE WHEN current_setting('server_version_num')::integer < 160000 THEN '' ELSE ' WITH INHERIT TRUE, SET TRUE' END
        AS with_both
    FROM pg_namespace n WHERE n.nspname = current_schema()`.execute(db);
  return rows[0] as Prerequisites;
}
