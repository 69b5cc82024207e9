import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure } from '../../util/failure.ts';
import { runOptional } from './optional-statement.ts';
import type { ServerScratch } from './scratch-database.ts';

const IN_USE = '55006';
const MAX_NAME_BYTES = 63;

/** Throws NOT_PERMITTED (exit 12) where this login cannot rename a database; checked before the restore. */
export async function assertOwner(db: Kysely<Database>, database: string): Promise<void> {
  const { rows } = await sql<{ owner: string }>`
    SELECT pg_get_userbyid(datdba) AS owner FROM pg_database
    WHERE datname = ${database} AND NOT pg_has_role(datdba, 'USAGE')`.execute(db);
  const [other] = rows;
  if (other)
    throw new Failure('forbidden', 'NOT_PERMITTED', `The database ${database} belongs to ${other.owner}.`, {
      hint: 'Only its owner can replace it. Name a login that owns it, or is a member of its owner, in PINNACLE_MIGRATE_URL.',
    });
}

/** Throws DATABASE_IN_USE (exit 10) where others are connected to a database. */
export async function assertUnused(db: Kysely<Database>, database: string): Promise<void> {
  const { rows } = await sql<{ program: string | null; role: string | null }>`
    SELECT nullif(application_name, '') AS program, usename AS role FROM pg_stat_activity
    WHERE datname = ${database} AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    ORDER BY backend_start`.execute(db);
  const [first] = rows;
  if (first)
    throw inUse(
      database,
      `${first.program ?? 'a program without a name'} as ${first.role}, ${rows.length} in all`,
    );
}

function inUse(database: string, who: string): Failure {
  return new Failure('busy', 'DATABASE_IN_USE', `Others are connected to ${database}: ${who}.`, {
    hint: 'Nothing changed. A restore replaces the whole database: stop its clients, then try again.',
    retryable: true,
  });
}

/**
 * Gives a scratch database the name, owner, rights and settings of another one, which gets a dated name. One transaction, so that
 * a database of that name always exists. Returns the dated name.
 */
export async function swapDatabases(
  ctx: Context,
  { name, beside }: ServerScratch,
  database: string,
  skipped: string[],
): Promise<string> {
  const before = datedName(database, ctx.now());
  await execute(beside, 'BEGIN');
  try {
    for (const statement of await databaseSettings(beside, database, name))
      if (!(await runOptional(beside, statement))) skipped.push(statement);
    await execute(beside, `ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(before)}`);
    await execute(beside, `ALTER DATABASE ${quoteIdentifier(name)} RENAME TO ${quoteIdentifier(database)}`);
    ctx.signal.throwIfAborted();
    await execute(beside, 'COMMIT');
  } catch (error) {
    await execute(beside, 'ROLLBACK').catch(() => {});
    throw (error as { code?: string }).code === IN_USE
      ? inUse(database, 'they connected during the restore')
      : error;
  }
  return before;
}

/** The name that a database or schema has once another one has taken its place. */
export function datedName(name: string, at: Date): string {
  const stamp = at.toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase();
  return `${name.slice(0, MAX_NAME_BYTES - stamp.length - 8)}_before_${stamp}`;
}

/**
 * Gives a schema another name, once nobody reads or writes its tables; who comes meanwhile waits, and then finds the schema that
 * took its place.
 */
export async function setSchemaAside(trx: Kysely<Database>, schema: string, name: string): Promise<void> {
  const { rows } = await sql<{ lock: string }>`
    SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(oid::regclass::text, ', ' ORDER BY relname)) AS lock
    FROM pg_class WHERE relnamespace = ${quoteIdentifier(schema)}::regnamespace AND relkind IN ('r', 'p')
      AND NOT relispartition
    HAVING count(*) > 0`.execute(trx);
  for (const { lock } of rows) await execute(trx, lock);
  await execute(trx, `ALTER SCHEMA ${quoteIdentifier(schema)} RENAME TO ${quoteIdentifier(name)}`);
}

/** Statements for what a dump does not contain: the owner, rights and settings of a database. */
async function databaseSettings(db: Kysely<Database>, from: string, to: string): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`
    WITH d AS (SELECT * FROM pg_database WHERE datname = ${from}), a AS (SELECT (aclexplode(datacl)).* FROM d)
    SELECT format('ALTER DATABASE %I OWNER TO %I', ${to}::text, pg_get_userbyid(datdba)) AS statement FROM d
    WHERE datdba <> (SELECT datdba FROM pg_database WHERE datname = ${to})
    UNION ALL SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', ${to}::text) FROM d WHERE datacl IS NOT NULL
    UNION ALL SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, ${to}::text,
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END) FROM a
    UNION ALL SELECT statement FROM (
      SELECT format('SELECT set_config(%L, %L, true)', split_part(setting, '=', 1),
          substr(setting, strpos(setting, '=') + 1)) AS set_it,
        CASE setrole WHEN 0 THEN format('ALTER DATABASE %I SET %I FROM CURRENT', ${to}::text, split_part(setting, '=', 1))
          ELSE format('ALTER ROLE %I IN DATABASE %I SET %I FROM CURRENT', pg_get_userbyid(setrole), ${to}::text,
            split_part(setting, '=', 1)) END AS keep_it
      FROM pg_db_role_setting s JOIN d ON d.oid = s.setdatabase CROSS JOIN LATERAL unnest(setconfig) AS setting
    ) s CROSS JOIN LATERAL (VALUES (set_it), (keep_it)) v (statement)`.execute(db);
  return rows.map(({ statement }) => statement);
}
