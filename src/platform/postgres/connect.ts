import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import pg, { type PoolClient, type PoolConfig } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { fromPostgres } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { DirectClient, isPoolerRefusal, setInTransactions } from './pooler.ts';
import type { Database } from './tables.ts';
import { isLocal, protectionOf } from './tls.ts';

/** An open database: the same Kysely for a server and for the embedded engine. */
export interface Connection {
  kind: 'server' | 'embedded';
  kysely: Kysely<Database>;
  /** The lines of a query by COPY; the embedded engine has none that works. */
  copyOut: ((query: CompiledQuery) => AsyncIterable<Buffer>) | undefined;
  /** Runs a COMMIT that an interrupt must wait for. */
  committing: <T>(commit: () => Promise<T>) => Promise<T>;
  /** Drops every session at once, which rolls back whatever is open; spares a COMMIT under way. */
  sever: () => void;
  close: () => Promise<void>;
}

export interface ServerOptions {
  /** Shown in pg_stat_activity: `pinnacle/order place`. */
  applicationName: string;
  poolSize: number;
  /** Milliseconds a statement may take; 0 for no limit. */
  statementTimeout: number;
  /** Whether the server may go unverified, or the line in plain text. */
  insecureTls?: boolean;
  /** Milliseconds to wait for the server to be reached. */
  connectTimeout?: number;
  /** Whether what is set or locked must hold from one transaction to the next, which no pooler can do. */
  ownSession?: boolean;
}

const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
const TIMESTAMP = 1114;

/**
 * Connects (lazily) to a PostgreSQL server by URL, also through PgBouncer in transaction mode. Away from the local
 * machine TLS is verified in full. With `ownSession` the first use throws POOLED_URL (exit 78) behind PgBouncer.
 */
export function connectServer(url: string, options: ServerOptions): Connection {
  const settings = {
    TimeZone: 'UTC',
    statement_timeout: String(options.statementTimeout),
    lock_timeout: String(LOCK_TIMEOUT_MS),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
  };
  const config: PoolConfig = {
    ...serverConfig(url, options.insecureTls ?? false),
    application_name: options.applicationName,
    max: options.poolSize,
    connectionTimeoutMillis: options.connectTimeout ?? CONNECT_TIMEOUT_MS,
  };
  const direct = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const pooled = () => {
    if (options.ownSession) throw pooledUrl(url);
    return newPool(config).on('connect', (session) => setInTransactions(session, settings));
  };
  return open(
    'server',
    { ...config, options: direct.join(' '), Client: DirectClient as PoolConfig['Client'] },
    { pooled },
  );
}

function pooledUrl(url: string): Failure {
  return new Failure('config', 'POOLED_URL', `${describeServer(url)} is reached through PgBouncer.`, {
    hint: 'This command needs a server session of its own: name the server itself as migrateUrl, or in PINNACLE_MIGRATE_URL.',
  });
}

function serverConfig(url: string, insecure: boolean): PoolConfig {
  const { config, host, mode } = parseServerUrl(url);
  const { ssl } = protectionOf(mode, host, insecure);
  const files = typeof config.ssl === 'object' ? config.ssl : {};
  // A host left out is this machine, whatever PGHOST says: it is what the operator was told, and what TLS went by.
  return { ...config, host: host || 'localhost', ssl: ssl && { ...files, ...ssl } };
}

/** A URL taken apart; reads the files of certificates that it names. */
export function parseServerUrl(url: string): { config: PoolConfig; host: string; mode: string | undefined } {
  let mode: string | undefined;
  // What the driver makes of a mode differs from version to version, and it talks on stderr: it never sees one.
  const rest = url.replace(/([?&])(ssl|sslmode|uselibpqcompat)=([^&#]*)/gi, (_all, mark, key, value) => {
    if (/^sslmode$/i.test(key)) mode = value;
    else if (/^ssl$/i.test(key)) mode ??= /^(true|1)$/.test(value) ? 'verify-full' : 'disable';
    return mark;
  });
  try {
    const config: PoolConfig = parseIntoClientConfig(rest);
    return { config, host: config.host ?? '', mode };
  } catch {
    throw new Failure('config', 'CONFIG_INVALID', 'The URL of the database cannot be used.', {
      hint: 'It may hold a character that must be %-encoded, or name a file of sslrootcert, sslcert or sslkey that cannot be read.',
    });
  }
}

/** What a connection by this URL lacks in protection away from this machine, in words; undefined where nothing. */
export function tlsWeakness(url: string, insecure: boolean): string | undefined {
  const { host, mode } = parseServerUrl(url);
  const { lacks } = protectionOf(mode, host, insecure);
  if (!lacks || (isLocal(host) && !insecure) || (isLocal(host) && lacks === 'plain')) return undefined;
  return lacks === 'plain'
    ? 'The connection is not encrypted'
    : 'The certificate of the server is not verified';
}

/** `trading@db1/pinnacle`: who and where, never a password. */
export function describeServer(url: string): string {
  const { user, host, database, port } = parseServerUrl(url).config;
  const at = `${host || 'localhost'}${port && Number(port) !== 5432 ? `:${port}` : ''}`;
  return `${user ? `${user}@` : ''}${at}/${database ?? ''}`;
}

interface OpenOptions {
  afterEnd?: () => Promise<void>;
  /** What takes the place of the pool where a pooler refuses its sessions. */
  pooled?: () => pg.Pool;
}

/** One Kysely over a pg.Pool. A broken idle session is forgotten, not a crash. */
export function open(
  kind: Connection['kind'],
  config: PoolConfig,
  { afterEnd, pooled }: OpenOptions = {},
): Connection {
  const sessions = new Set<PoolClient>();
  const watched = (pool: pg.Pool) =>
    pool.on('connect', (session) => {
      sessions.add(session);
      session.on('end', () => sessions.delete(session));
    });
  let pool = watched(newPool(config));
  let commits = 0;
  let known: Promise<pg.Pool> | undefined;
  // Costs nothing on the direct way: the session is there for whoever asked.
  const chosen = () => {
    known ??= reached().catch((error) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  const reached = async () => {
    if (!pooled) return pool;
    try {
      (await pool.connect()).release();
    } catch (error) {
      if (!isPoolerRefusal(error)) throw error;
      const refused = pool;
      pool = watched(pooled());
      await refused.end();
    }
    return pool;
  };
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool: chosen }) });
  return {
    kind,
    kysely,
    copyOut: kind === 'server' ? (query) => copied(chosen, query) : undefined,
    async committing(commit) {
      commits++;
      try {
        return await commit();
      } finally {
        commits--;
      }
    },
    sever() {
      if (commits > 0 || kind === 'embedded') return;
      for (const session of sessions) streamOf(session)?.destroy();
    },
    async close() {
      const ended = end(kysely, pool);
      ended.catch(() => {});
      // A server takes milliseconds to say goodbye and holds nothing of ours any more: nobody waits for it.
      if (kind === 'server') for (const session of sessions) streamOf(session)?.unref();
      else await ended;
      await afterEnd?.();
    },
  };
}

function newPool(config: PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, types: { getTypeParser } });
  pool.on('error', () => {});
  pool.on('connect', (session) => session.on('error', () => {}));
  return pool;
}

async function end(kysely: Kysely<Database>, pool: pg.Pool): Promise<void> {
  await kysely.destroy();
  // Kysely ends the pool only if a query of its own was the first to use it.
  if (!pool.ending) await pool.end();
}

async function* copied(chosen: () => Promise<pg.Pool>, query: CompiledQuery): AsyncGenerator<Buffer> {
  const { copyOut } = await import('./copy.ts');
  const session = await (await chosen()).connect();
  let whole = false;
  try {
    yield* copyOut(session, query);
    whole = true;
  } finally {
    // A reader that left has the rest of the answer still coming: that session is of no more use.
    session.release(!whole);
  }
}

type ServerStream = { destroy: () => void; unref: () => void };

function streamOf(session: PoolClient): ServerStream | undefined {
  return (session as unknown as { connection?: { stream?: ServerStream } }).connection?.stream;
}

/** Timestamps without zone are UTC and stay text, so that no microsecond is lost. */
const getTypeParser = ((oid: number, format?: 'text') =>
  oid === TIMESTAMP ? fromPostgres : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
