import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { type Connection, connectServer } from '../../platform/postgres/connect.ts';
import { openScratch } from '../../platform/postgres/embedded.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { withDatabase } from '../../platform/postgres/libpq.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure } from '../../util/failure.ts';

/** A database of nobody else's. */
export interface Scratch {
  connection: Connection;
  /** Takes it away, also while it is in use. */
  drop: () => Promise<void>;
}

/** One on the server, with the session beside it that made it, from which it can be given its place. */
export interface ServerScratch extends Scratch {
  name: string;
  beside: Kysely<Database>;
}

type Server = NonNullable<Awaited<ReturnType<Context['server']>>>;

const PREFIX = 'pinnacle_scratch_';
/** A database that is always there, to make and rename others from. */
const MAINTENANCE = 'postgres';

/** A scratch database where the configured one is: on its server like it, or an embedded one in a folder of its own. */
export async function openScratchLike(ctx: Context): Promise<Scratch> {
  const server = await ctx.server();
  if (server) return openServerScratch(ctx, server, await databaseOf(ctx));
  const folder = await mkdtemp(join(tmpdir(), 'pinnacle-scratch-'));
  const connection = await openScratch(folder, ctx.cacheDir);
  return { connection, drop: () => connection.close() };
}

async function databaseOf(ctx: Context): Promise<string> {
  const { kysely } = await ctx.migrationConnection();
  const { rows } = await sql<{ name: string }>`SELECT current_database() AS name`.execute(kysely);
  return rows[0]?.name ?? '';
}

/**
 * A scratch database with the encoding and the collation of another one. An interrupt severs it, and whatever ends, `drop` takes it
 * away; what a killed process left is taken away by the next one. Throws NOT_PERMITTED (exit 12).
 */
export async function openServerScratch(ctx: Context, server: Server, like: string): Promise<ServerScratch> {
  const name = `${PREFIX}${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const maintenance = connectTo(ctx, server, MAINTENANCE);
  // One session for all of it: the lock that it holds says that the scratch database is in use.
  const session = await held(maintenance);
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
    throw isPermissionDenied(error) ? mayNotCreate() : error;
  }
  ctx.signal.addEventListener('abort', sever, { once: true });
  return { name, connection, beside: session.db, drop };
}

function connectTo(ctx: Context, { url, insecureTls }: Server, database: string): Connection {
  return connectServer(withDatabase(url, database), {
    applicationName: `pinnacle/${ctx.origin.command}`,
    poolSize: 1,
    statementTimeout: 0,
    insecureTls,
    ownSession: true,
  });
}

/** A session of a connection, kept until it is released. */
async function held({ kysely }: Connection): Promise<{ db: Kysely<Database>; release: () => void }> {
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
const quoteIdentifier = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** CREATE DATABASE as the other one was made, from the template that has nothing of anybody's. */
async function creation(db: Kysely<Database>, name: string, like: string): Promise<string> {
  const { rows } = await sql<
    Record<'encoding' | 'collate' | 'ctype' | 'provider', string> & { locale: string | null }
  >`
    SELECT pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
      to_jsonb(d) ->> 'datlocprovider' AS provider,
      coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale
    FROM pg_database d WHERE d.datname = ${like}`.execute(db);
  const [original] = rows;
  if (!original) throw new Error('the database is not there any more');
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

/** Drops the scratch databases of processes that are gone: nobody holds the lock of their name. */
async function dropAbandoned(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    SELECT datname AS name FROM pg_database WHERE starts_with(datname, ${PREFIX})`.execute(db);
  for (const { name } of rows) {
    const { rows: locks } = await sql<{
      got: boolean;
    }>`SELECT pg_try_advisory_lock(${keyOf(name)}) AS got`.execute(db);
    if (!locks[0]?.got) continue;
    // Another login's is left to that.
    await dropDatabase(db, name).catch(() => {});
    await sql`SELECT pg_advisory_unlock(${keyOf(name)})`.execute(db);
  }
}

function mayNotCreate(): Failure {
  return new Failure('forbidden', 'NOT_PERMITTED', 'The database role may not make databases.', {
    hint: 'It needs CREATEDB (ALTER ROLE … CREATEDB); PINNACLE_MIGRATE_URL can name another login.',
  });
}
