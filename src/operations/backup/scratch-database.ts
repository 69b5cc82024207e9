import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { type Connection, connectServer } from '../../platform/postgres/connect.ts';
import { openScratch } from '../../platform/postgres/embedded.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { currentDatabase, quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import { withDatabase } from '../../platform/postgres/server-url.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { targetSchema } from '../../platform/postgres/target-schema.ts';
import { Failure } from '../../util/failure.ts';

/** A database that only this process uses. */
export interface Scratch {
  connection: Connection;
  /** Drops it, even while it is in use. */
  drop: () => Promise<void>;
}

/** A scratch database on the server; `beside` is a session of another database, from which it can be renamed. */
export interface ServerScratch extends Scratch {
  name: string;
  beside: Kysely<Database>;
}

type Server = NonNullable<Awaited<ReturnType<Context['server']>>>;

const PREFIX = 'pinnacle_scratch_';
/** Exists on every server; databases are created and renamed from it. */
const MAINTENANCE = 'postgres';

/**
 * Opens a scratch database on the configured server, or an embedded one in a temporary folder. `schema` is the one that the
 * tables of the configured database are in.
 */
export async function openScratchLike(ctx: Context): Promise<Scratch & { schema: string }> {
  const server = await ctx.server();
  if (server) {
    const { kysely } = await ctx.migrationConnection();
    const schema = await targetSchema(kysely);
    return { ...(await openServerScratch(ctx, server, await currentDatabase(kysely))), schema };
  }
  const connection = await openScratch(ctx.cacheDir);
  return { connection, schema: 'public', drop: () => connection.close() };
}

/**
 * Creates a scratch database with the encoding and collation of another one. An interrupt closes its sessions. Those that killed
 * processes left are dropped first. Throws NOT_PERMITTED (exit 12).
 */
export async function openServerScratch(ctx: Context, server: Server, like: string): Promise<ServerScratch> {
  const name = `${PREFIX}${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const maintenance = connectTo(ctx, server, MAINTENANCE);
  // The lock that this session holds shows that the scratch database is in use.
  const session = await reserveSession(maintenance);
  const connection = connectTo(ctx, server, name);
  const sever = () => connection.sever();
  const drop = async () => {
    ctx.signal.removeEventListener('abort', sever);
    await connection.close();
    await dropDatabase(session.db, name).catch(() => {});
    session.release();
    await maintenance.close();
  };
  try {
    await dropAbandoned(session.db);
    await sql`SELECT pg_advisory_lock(${keyOf(name)})`.execute(session.db);
    await execute(session.db, await creation(session.db, name, like));
  } catch (error) {
    session.release();
    await maintenance.close();
    throw isPermissionDenied(error) ? cannotCreate() : error;
  }
  ctx.signal.addEventListener('abort', sever, { once: true });
  return { name, connection, beside: session.db, drop };
}

function connectTo(ctx: Context, { url, insecureTls }: Server, database: string): Connection {
  return connectServer(withDatabase(url, database), {
    applicationName: `pinnacle/${ctx.origin.command}`,
    poolSize: 1,
    statementTimeoutMs: 0,
    insecureTls,
    ownSession: true,
  });
}

/** Reserves one session of a connection until it is released. */
async function reserveSession({
  kysely,
}: Connection): Promise<{ db: Kysely<Database>; release: () => void }> {
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  const db = await new Promise<Kysely<Database>>((found, failed) => {
    kysely
      .connection()
      .execute(async (db) => {
        found(db as Kysely<Database>);
        await released;
      })
      .catch(failed);
  });
  return { db, release };
}

const keyOf = (name: string) => sql`hashtextextended(${name}, 0)`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** CREATE DATABASE with the properties of another database, from the pristine template. */
async function creation(db: Kysely<Database>, name: string, like: string): Promise<string> {
  const { rows } = await sql<
    Record<'encoding' | 'collate' | 'ctype' | 'provider', string> & { locale: string | null }
  >`
    SELECT pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
      to_jsonb(d) ->> 'datlocprovider' AS provider,
      coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale
    FROM pg_database d WHERE d.datname = ${like}`.execute(db);
  const [original] = rows;
  if (!original) throw new Error('the database does not exist any more');
  const { encoding, collate, ctype, provider, locale } = original;
  const own =
    provider === 'i' && locale
      ? ` LOCALE_PROVIDER icu ICU_LOCALE ${literal(locale)}`
      : provider === 'b' && locale
        ? ` LOCALE_PROVIDER builtin BUILTIN_LOCALE ${literal(locale)}`
        : '';
  return `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING ${literal(encoding)}
    LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}${own}`;
}

async function dropDatabase(db: Kysely<Database>, name: string): Promise<void> {
  await execute(db, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
}

/** Drops the scratch databases that no process holds the lock of. */
async function dropAbandoned(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    SELECT datname AS name FROM pg_database WHERE starts_with(datname, ${PREFIX})`.execute(db);
  for (const { name } of rows) {
    const { rows: locks } = await sql<{
      got: boolean;
    }>`SELECT pg_try_advisory_lock(${keyOf(name)}) AS got`.execute(db);
    if (!locks[0]?.got) continue;
    // Another login's database is left to that login.
    await dropDatabase(db, name).catch(() => {});
    await sql`SELECT pg_advisory_unlock(${keyOf(name)})`.execute(db);
  }
}

function cannotCreate(): Failure {
  return new Failure('forbidden', 'NOT_PERMITTED', 'The database role cannot create databases.', {
    hint: 'Grant CREATEDB (ALTER ROLE … CREATEDB), or name another login in PINNACLE_MIGRATE_URL.',
  });
}
