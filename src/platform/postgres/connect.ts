import { type CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import pg, { type PoolClient, type PoolConfig } from 'pg';
import { fromPostgres } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { DirectClient, isPoolerRefusal, PooledClient, setInTransactions } from './pooler.ts';
import { closingClient, streamOf } from './server-client.ts';
import { describeServer, driverConfig, resolveServer } from './server-url.ts';
import { asOptions, parseOptions, RELIED_ON } from './session-settings.ts';
import type { Database } from './tables.ts';

/** An open database: the same Kysely for a server and for the embedded engine. */
export interface Connection {
  kind: 'server' | 'embedded';
  kysely: Kysely<Database>;
  /** The lines of a query by COPY, which does not work in the embedded engine. */
  copyOut: ((query: CompiledQuery) => AsyncIterable<Buffer>) | undefined;
  /** Runs a COMMIT, which an interrupt must wait for. */
  committing: <T>(commit: () => Promise<T>) => Promise<T>;
  /** Drops every session at once, which rolls back open transactions, unless a COMMIT is under way. */
  sever: () => void;
  close: () => Promise<void>;
}

export interface ServerOptions {
  /** Shown in pg_stat_activity: `pinnacle/order place`. */
  applicationName: string;
  poolSize: number;
  /** Milliseconds that a statement may take; 0 for no limit. */
  statementTimeoutMs: number;
  /** Whether the server may be unverified, or the connection unencrypted. */
  insecureTls?: boolean;
  /** Milliseconds to wait for a connection. */
  connectTimeoutMs?: number;
  /** Whether settings and locks must hold from one transaction to the next, which no pooler can do. */
  ownSession?: boolean;
  /** Makes the class of clients into one that tells of its statements. */
  tracing?: Tracing | undefined;
}

/** Makes a class of clients into another one. */
export type Tracing = (Client: typeof pg.Client) => typeof pg.Client;

const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
const TIMESTAMP = 1114;

/**
 * Connects (lazily) to a PostgreSQL server by URL, also through PgBouncer in transaction mode. TLS is verified in full
 * except on this machine. With `ownSession` the first use throws POOLED_URL (exit 78) behind PgBouncer.
 */
export function connectServer(url: string, options: ServerOptions): Connection {
  const settings = {
    ...RELIED_ON,
    statement_timeout: String(options.statementTimeoutMs),
    lock_timeout: String(LOCK_TIMEOUT_MS),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
  };
  const config: PoolConfig = {
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...driverConfig(url, options.insecureTls ?? false),
    application_name: options.applicationName,
    max: options.poolSize,
    ...(options.connectTimeoutMs === undefined ? {} : { connectionTimeoutMillis: options.connectTimeoutMs }),
  };
  // The options of the URL or of PGOPTIONS count, except where they are about settings of ours.
  const { options: given = '' } = resolveServer(url);
  const pooled = () => {
    if (options.ownSession) throw pooledUrl(url);
    return { config: { ...config, Client: PooledClient }, settings: { ...parseOptions(given), ...settings } };
  };
  const direct = { ...config, options: `${given} ${asOptions(settings)}`.trim(), Client: DirectClient };
  return open('server', direct, { pooled, tracing: options.tracing });
}

function pooledUrl(url: string): Failure {
  return new Failure('config', 'POOLED_URL', `${describeServer(url)} is reached through PgBouncer.`, {
    hint: 'This command needs a server session of its own: configure a direct URL as migrateUrl or PINNACLE_MIGRATE_URL.',
  });
}

interface OpenOptions {
  afterEnd?: () => Promise<void>;
  /** The pool to use where a pooler refuses the sessions of the direct one. */
  pooled?: () => { config: PoolConfig; settings: Readonly<Record<string, string>> };
  tracing?: Tracing | undefined;
}

/** One Kysely over a pg.Pool. A broken idle session is dropped and does not end the process. */
export function open(
  kind: Connection['kind'],
  config: PoolConfig,
  { afterEnd, pooled, tracing = (Client) => Client }: OpenOptions = {},
): Connection {
  const sessions = new Set<PoolClient>();
  const starting = new Set<pg.Client>();
  const trackedPool = ({ Client = pg.Client, ...options }: PoolConfig) => {
    const closing = closingClient(starting, tracing(Client as unknown as typeof pg.Client));
    const pool = newPool({ ...options, Client: closing as unknown as PoolConfig['Client'] });
    return pool.on('connect', (session) => {
      sessions.add(session);
      session.on('end', () => sessions.delete(session));
    });
  };
  let pool = trackedPool(config);
  let commits = 0;
  let known: Promise<pg.Pool> | undefined;
  const chosen = () => {
    known ??= connected().catch((error) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  // Takes no extra round trip without a pooler: the caller gets the session that is opened here.
  const connected = async () => {
    if (!pooled) return pool;
    try {
      (await pool.connect()).release();
    } catch (error) {
      if (!isPoolerRefusal(error)) throw error;
      const refused = pool;
      const { config, settings } = pooled();
      pool = trackedPool(config).on('connect', (session) => setInTransactions(session, settings));
      await refused.end();
    }
    return pool;
  };
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool: chosen }) });
  return {
    kind,
    kysely,
    copyOut: kind === 'server' ? (query) => copyLines(chosen, query) : undefined,
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
      for (const client of [...sessions, ...starting]) streamOf(client)?.destroy();
    },
    async close() {
      for (const client of starting) streamOf(client)?.destroy();
      const ended = end(kysely, pool);
      ended.catch(() => {});
      // A server takes milliseconds to close a session and holds nothing of ours any more: do not wait for it.
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

async function* copyLines(chosen: () => Promise<pg.Pool>, query: CompiledQuery): AsyncGenerator<Buffer> {
  const { copyOut } = await import('./copy.ts');
  const session = await (await chosen()).connect();
  let complete = false;
  try {
    yield* copyOut(session, query);
    complete = true;
  } finally {
    // After an early end the rest of the result is still arriving: that session cannot be used again.
    session.release(!complete);
  }
}

/** Timestamps without time zone are UTC and stay text, so that no microsecond is lost. */
const getTypeParser = ((oid: number, format?: 'text') =>
  oid === TIMESTAMP ? fromPostgres : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
