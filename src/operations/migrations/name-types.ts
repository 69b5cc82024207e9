import { type Kysely, sql } from 'kysely';
import type { DatabaseFailure } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
import { readNaming, TYPES, type TypeName, type TypeNaming } from './type-names.ts';

const EQUAL = 'pinnacle_equal';
const UNEQUAL = 'pinnacle_unequal';
const reader = (type: TypeName) => `pinnacle_as_${type}`;

/** The functions by which text is compared with our types. */
export const TEXT_FUNCTIONS: readonly string[] = [EQUAL, UNEQUAL, ...TYPES.map(reader)];

/** One of our types as the catalog has it. */
export interface NamedType {
  type: TypeName;
  /** The name of the enum: its own, or the one that a domain of our name stands for. */
  name: string;
  /** How many casts, operators and functions take text for it; `TEXT_AIDS` if all. */
  aids: number;
  schema: string;
  /** Its owner as SQL writes it; null where that is this login. */
  owner: string | null;
}

/** Two casts, four operators, and the functions of both. */
export const TEXT_AIDS = 11;

/** Our types in the current schema. */
export async function readTypes(db: Kysely<Database>): Promise<NamedType[]> {
  const { rows } = await sql<NamedType>`
    SELECT t.ours AS type, t.name, quote_ident(current_schema()) AS schema,
      CASE WHEN t.owner <> current_user THEN quote_ident(t.owner) END AS owner,
      (SELECT count(*) FROM (${aids}) a WHERE a.type = t.oid)::integer AS aids
    FROM (${types}) t ORDER BY array_position(${TYPES}::text[], t.ours)`.execute(db);
  return rows;
}

const types = sql`
  SELECT t.typname::text AS ours, coalesce(e.typname, t.typname)::text AS name, coalesce(e.oid, t.oid) AS oid,
    pg_get_userbyid(coalesce(e.typowner, t.typowner))::text AS owner, CASE WHEN e.oid IS NOT NULL THEN t.oid END AS domain
  FROM pg_type t
  LEFT JOIN pg_type e ON t.typtype = 'd' AND e.oid = t.typbasetype AND e.typtype = 'e' AND e.typnamespace = t.typnamespace
  WHERE t.typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    AND t.typname = ANY(${TYPES}::text[]) AND (t.typtype = 'e' OR e.oid IS NOT NULL)`;

const functions = sql`
  SELECT p.oid, CASE WHEN p.proname LIKE 'pinnacle\\_as\\_%' THEN p.prorettype ELSE f.argument END AS type
  FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargtypes::oid[]) f (argument)
  WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    AND p.proname = ANY(${TEXT_FUNCTIONS}::text[])
    AND (p.proname LIKE 'pinnacle\\_as\\_%' OR f.argument <> 'text'::regtype)`;

/** What takes text for our types, each with the statement that drops it and the place of that statement among others. */
const aids = sql`
  SELECT f.type, 1 AS place,
    format('DROP OPERATOR %I.%s (%s, %s)', current_schema(), o.oprname, o.oprleft::regtype, o.oprright::regtype) AS drop
  FROM (${functions}) f JOIN pg_operator o ON o.oprcode = f.oid
  UNION ALL
  SELECT f.type, CASE WHEN p.proname LIKE 'pinnacle\\_as\\_%' THEN 3 ELSE 2 END, format('DROP FUNCTION %s', f.oid::regprocedure)
  FROM (${functions}) f JOIN pg_proc p ON p.oid = f.oid
  UNION ALL
  SELECT c.casttarget, 4, format('DROP CAST (%s AS %s)', c.castsource::regtype, c.casttarget::regtype)
  FROM pg_cast c WHERE c.castsource IN ('text'::regtype, 'varchar'::regtype) AND c.castmethod = 'i'`;

/**
 * Gives those of our types that have their own names, in the transaction of `db`, the names that they are to have: the enum is
 * renamed, which rewrites nothing, and a domain of our name stands for it in our statements. Throws NAME_TAKEN (exit 5).
 */
export async function useNaming(db: Kysely<Database>, naming: TypeNaming): Promise<void> {
  const there = await readTypes(db);
  const renamed = there.filter(({ type, name }) => naming.names[type] !== name);
  await refuseTaken(
    db,
    renamed.map(({ type }) => naming.names[type]),
  );
  for (const type of renamed)
    for (const statement of renamingOf(type, naming.names[type.type])) await execute(db, statement);
  const lacking = naming.text ? there.filter(({ aids }) => aids === 0) : [];
  for (const type of lacking)
    for (const statement of textOf(type, naming.names[type.type])) await execute(db, statement);
}

async function refuseTaken(db: Kysely<Database>, wanted: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string; what: string }>`
    SELECT t.typname AS name, CASE t.typtype WHEN 'e' THEN 'an enum type' WHEN 'd' THEN 'a domain'
        WHEN 'c' THEN 'the row type of a table or a view' ELSE 'a type' END AS what
    FROM pg_type t
    WHERE t.typnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
      AND t.typname = ANY(${wanted}::text[]) ORDER BY 1`.execute(db);
  if (rows.length === 0) return;
  throw refused(
    'NAME_TAKEN',
    `The schema has already ${rows.map(({ name, what }) => `${what} named ${name}`).join(', ')}.`,
    'Nothing was changed. Choose another name with --name, or drop the type if nothing uses it.',
  );
}

function renamingOf({ type, schema, owner }: NamedType, name: string): string[] {
  const renamed = quoteIdentifier(name);
  return [
    `ALTER TYPE ${schema}.${type} RENAME TO ${renamed}`,
    `CREATE DOMAIN ${schema}.${type} AS ${schema}.${renamed}`,
    ...(owner === null ? [] : [`ALTER DOMAIN ${schema}.${type} OWNER TO ${owner}`]),
  ];
}

/**
 * What takes text for a type. The server puts the text of the functions in the place of the call, and computes the one that reads
 * a label once: a comparison with a constant or a parameter is one of two enums, for which the indexes are, partial ones too. It may
 * be called immutable as a literal of the enum is: labels are added, never renamed.
 */
function textOf({ type, schema, owner }: NamedType, name: string): string[] {
  const enumType = `${schema}.${quoteIdentifier(name)}`;
  const read = `${schema}.${reader(type)}`;
  const compare = (name: string, operator: string) => [
    `CREATE FUNCTION ${schema}.${name}(${enumType}, text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
       RETURN $1 OPERATOR(pg_catalog.${operator}) ${read}($2)`,
    `CREATE FUNCTION ${schema}.${name}(text, ${enumType}) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
       RETURN ${read}($1) OPERATOR(pg_catalog.${operator}) $2`,
  ];
  const sides = [
    { left: enumType, right: 'text' },
    { left: 'text', right: enumType },
  ];
  const operators = sides.flatMap(({ left, right }) => [
    `CREATE OPERATOR ${schema}.= (FUNCTION = ${schema}.${EQUAL}, LEFTARG = ${left}, RIGHTARG = ${right},
       COMMUTATOR = OPERATOR(${schema}.=), NEGATOR = OPERATOR(${schema}.<>), RESTRICT = eqsel, JOIN = eqjoinsel)`,
    `CREATE OPERATOR ${schema}.<> (FUNCTION = ${schema}.${UNEQUAL}, LEFTARG = ${left}, RIGHTARG = ${right},
       COMMUTATOR = OPERATOR(${schema}.<>), NEGATOR = OPERATOR(${schema}.=), RESTRICT = neqsel, JOIN = neqjoinsel)`,
  ]);
  const signatures = sides.map(({ left, right }) => `(${left}, ${right})`);
  const owned = [
    `FUNCTION ${read}(text)`,
    ...[EQUAL, UNEQUAL].flatMap((name) => signatures.map((types) => `FUNCTION ${schema}.${name}${types}`)),
    ...['=', '<>'].flatMap((name) => signatures.map((types) => `OPERATOR ${schema}.${name} ${types}`)),
  ];
  return [
    `CREATE CAST (text AS ${enumType}) WITH INOUT AS ASSIGNMENT`,
    `CREATE CAST (varchar AS ${enumType}) WITH INOUT AS ASSIGNMENT`,
    // In plpgsql, which prepares it once per session: as SQL it would be planned for every comparison that is planned.
    `CREATE FUNCTION ${read}(text) RETURNS ${enumType} LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS 'BEGIN RETURN $1; END'`,
    ...compare(EQUAL, '='),
    ...compare(UNEQUAL, '<>'),
    ...operators,
    ...(owner === null ? [] : owned.map((object) => `ALTER ${object} OWNER TO ${owner}`)),
  ];
}

/**
 * Gives our types, or some of them, their own names again and drops what takes text for them, in the transaction of `db`. Throws
 * TYPES_IN_USE (exit 5) where somebody's object depends on that.
 */
export async function useOwnNames(db: Kysely<Database>, some: readonly TypeName[] = TYPES): Promise<void> {
  const { rows } = await sql<{ statement: string }>`
    WITH types AS (SELECT * FROM (${types}) t WHERE ours = ANY(${some}::text[]))
    SELECT DISTINCT a.drop AS statement, a.place FROM types t JOIN (${aids}) a ON a.type = t.oid
    UNION ALL SELECT format('DROP DOMAIN %I.%I', current_schema(), ours), 5 FROM types WHERE domain IS NOT NULL
    UNION ALL SELECT format('ALTER TYPE %I.%I RENAME TO %I', current_schema(), name, ours), 6 FROM types WHERE domain IS NOT NULL
    ORDER BY 2, 1`.execute(db);
  for (const { statement } of rows)
    await execute(db, statement).catch((error) => {
      throw (error as DatabaseFailure).code === '2BP01' ? inUse(error as Error) : error;
    });
}

const inUse = ({ message }: Error) =>
  refused(
    'TYPES_IN_USE',
    `Objects of others depend on the names of our types: ${message}.`,
    'Nothing was changed. Drop them or change the type of their columns (\\dD+ and \\dT+ of psql), then run it again.',
  );

/**
 * Works on a schema whose types have their own names, in the transaction of `db`; then gives them the names again that are on record
 * then. Tells whether they are not on record any more.
 */
export async function withOwnNames(db: Kysely<Database>, work: () => Promise<void>): Promise<boolean> {
  const before = await readNaming(db);
  if (before) await useOwnNames(db);
  await work();
  const after = await readNaming(db);
  if (after) await useNaming(db, after);
  return before !== undefined && after === undefined;
}
