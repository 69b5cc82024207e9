import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { Failure } from '../../util/failure.ts';
import { readInput } from '../../util/file.ts';
import type { FileProblem } from '../../util/file-problem.ts';
import { inTime, LATE } from '../../util/in-time.ts';
import type { RedisSettings } from '../config/load.ts';
import type { RedisPurpose } from '../config/redis-settings.ts';
import { redisFailure } from './errors.ts';
import { escapeGlob, type Keys, keysOf } from './keys.ts';
import { setUp } from './set-up.ts';
import { addressOf, describeRedis, parseRedisUrl, type RedisUrl } from './settings.ts';

/** An open connection to Redis, a cluster or not. Commands of one turn travel together, in a cluster per node. */
export interface RedisConnection {
  client: Redis | Cluster;
  keys: Keys;
  /** `host:port`, never a password. */
  where: string;
  /** The keys that match a glob pattern after the prefix, in batches; a key may come twice. */
  scan: (pattern: string) => AsyncIterable<string[]>;
  close: () => void;
}

/** The Redis of a purpose, connected on first use; purposes with one URL share a connection. */
export type RedisOf = (purpose: RedisPurpose) => Promise<RedisConnection>;

/**
 * Connects to Redis, logs in and selects its database, or throws a Failure (exit 7, 12 or 78) within the timeout. A
 * broken connection stays broken, and no command is sent twice: after a lost reply it is unknown whether it took effect. A
 * blocking command may take `waitMs` longer than the timeout.
 */
export async function openRedis(
  settings: RedisSettings,
  command: string,
  waitMs = 0,
): Promise<RedisConnection> {
  const where = describeRedis(settings);
  const url = parseRedisUrl(settings.url);
  if (settings.cluster && url.db !== 0) throw noClusterDatabase(url.db);
  const name = `pinnacle/${command.replaceAll(' ', '-')}`;
  const client = createClient(settings, url, name, waitMs, await readAuthority(settings.ca));
  // ioredis reports why it did not connect by this event, and rejects with "Connection is closed".
  let cause: unknown;
  client.on('error', (error) => {
    cause ??= error;
  });
  const connect = async () => {
    await client.connect();
    if (client instanceof Redis) await setUp(client, url, name, where);
  };
  try {
    await withTimeout(settings.timeoutMs, connect());
  } catch (error) {
    client.disconnect();
    throw error instanceof Failure ? error : redisFailure(cause ?? error, where);
  }
  const keys = keysOf(settings.prefix, {
    orders: settings.ordersChannel,
    notifications: settings.notificationsChannel,
  });
  return {
    client,
    keys,
    where,
    scan: (pattern) => scan(client, escapeGlob(keys.prefix) + pattern),
    close: () => client.disconnect(),
  };
}

/** Rejects like a command of ioredis that timed out if the promise takes longer, in milliseconds. */
export async function withTimeout<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const result = await inTime(promise, timeoutMs);
  if (result === LATE) throw new Error('Command timed out');
  return result;
}

const SCAN_COUNT = 2_000;

async function* scan(client: Redis | Cluster, match: string): AsyncIterable<string[]> {
  for (const node of 'nodes' in client ? client.nodes('master') : [client]) {
    let cursor = '0';
    do {
      const [next, keys] = await node.scan(cursor, 'MATCH', match, 'COUNT', SCAN_COUNT);
      if (keys.length > 0) yield keys;
      cursor = next;
    } while (cursor !== '0');
  }
}

function createClient(
  settings: RedisSettings,
  { host, port, secure, login }: RedisUrl,
  name: string,
  waitMs: number,
  ca: string | undefined,
): Redis | Cluster {
  const { sentinels, master, timeoutMs } = settings;
  const tls = secure ? { tls: ca === undefined ? {} : { ca } } : {};
  const options = { ...commonOptions(timeoutMs, waitMs), ...tls };
  if (settings.cluster)
    return new Cluster(settings.cluster.map(addressOf), {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      clusterRetryStrategy: () => null,
      slotsRefreshTimeout: timeoutMs,
      // A certificate names the host as it was asked for, not the address it has.
      dnsLookup: (address, done) => done(null, address),
      // The client of a cluster opens connections when it needs them, and sets them up itself.
      redisOptions: { ...options, ...login, connectionName: name },
    });
  // What holds for one server and not for the nodes of a cluster.
  const single = { ...options, enableOfflineQueue: false, retryStrategy: () => null };
  if (!sentinels) return new Redis({ ...single, host, port });
  return new Redis({
    ...single,
    sentinels: sentinels.map(addressOf),
    name: master,
    sentinelRetryStrategy: () => null,
    sentinelCommandTimeout: timeoutMs,
    ...(login.password && { sentinelPassword: login.password }),
    ...('tls' in tls && { enableTLSForSentinelMode: true, sentinelTLS: tls.tls }),
  });
}

function commonOptions(timeoutMs: number, waitMs: number) {
  return {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs + waitMs,
    enableAutoPipelining: true,
    // The check calls INFO, which a user with few rights may not.
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    protocol: 2,
  } satisfies RedisOptions;
}

function noClusterDatabase(db: number): Failure {
  return new Failure(
    'config',
    'REDIS_NO_DATABASE',
    `A Redis Cluster has only database 0; its URL names ${db}.`,
  );
}

// A bundle of all authorities of a system is smaller.
const MAX_CA_BYTES = 1_048_576;

async function readAuthority(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const { bytes } = await readInput(file, MAX_CA_BYTES).catch((error: FileProblem) => {
    throw new Failure('config', 'CONFIG_INVALID', `The file of redis.ca, ${file}, ${error.why}.`);
  });
  return bytes.toString('utf8');
}
