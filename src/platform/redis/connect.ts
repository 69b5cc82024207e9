import { Cluster, Redis } from 'ioredis';
import { Failure } from '../../util/failure.ts';
import { readInput } from '../../util/file.ts';
import type { FileProblem } from '../../util/file-problem.ts';
import { redisFailure } from './errors.ts';
import { escapeGlob, type Keys, keysOf } from './keys.ts';
import { addressOf, describeRedis, partsOf, type RedisSettings } from './settings.ts';

/** An open Redis, whatever stands behind it. Commands of one turn travel together, to each node of a cluster its own. */
export interface RedisConnection {
  client: Redis | Cluster;
  keys: Keys;
  /** `host:port`, never a password. */
  where: string;
  /** The keys that match a glob pattern behind the prefix, some at a time; a key may come twice. */
  scan: (pattern: string) => AsyncIterable<string[]>;
  close: () => void;
}

/**
 * Connects to Redis or throws in the operator's words (exit 7 or 12) within the timeout. A connection that breaks stays
 * broken, and no command is sent twice: after a lost reply nobody knows whether it was done. A command that waits may
 * take so many milliseconds longer than the timeout.
 */
export async function openRedis(settings: RedisSettings, name: string, wait = 0): Promise<RedisConnection> {
  const where = describeRedis(settings);
  const client = open(settings, name, wait, await authority(settings.ca));
  // ioredis tells why it did not connect by this event, and rejects with "Connection is closed".
  let cause: unknown;
  client.on('error', (error) => {
    cause ??= error;
  });
  try {
    await withTimeout(settings.timeout, client.connect());
  } catch (error) {
    client.disconnect();
    throw redisFailure(cause ?? error, where);
  }
  const keys = keysOf(settings.prefix);
  return {
    client,
    keys,
    where,
    scan: (pattern) => scan(client, escapeGlob(keys.prefix) + pattern),
    close: () => client.disconnect(),
  };
}

/** Rejects like a command of ioredis that timed out where a promise takes longer, in milliseconds. */
export async function withTimeout<T>(timeout: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Command timed out')), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
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

function open(settings: RedisSettings, name: string, wait: number, ca: string | undefined): Redis | Cluster {
  const { host, port, secure, db, login } = partsOf(settings.url);
  const tls = secure ? { tls: ca === undefined ? {} : { ca } } : {};
  const options = { ...common(settings, name, wait), ...login, ...tls };
  if (settings.cluster)
    return new Cluster(settings.cluster.map(addressOf), {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      clusterRetryStrategy: () => null,
      slotsRefreshTimeout: settings.timeout,
      // A certificate names the host as it was asked for, not the address it has.
      dnsLookup: (address, done) => done(null, address),
      redisOptions: options,
    });
  const { sentinels, master, timeout } = settings;
  if (!sentinels) return new Redis({ ...options, ...OWN, host, port, db });
  return new Redis({
    ...options,
    ...OWN,
    db,
    sentinels: sentinels.map(addressOf),
    name: master,
    sentinelRetryStrategy: () => null,
    sentinelCommandTimeout: timeout,
    ...(login.password && { sentinelPassword: login.password }),
    ...('tls' in tls && { enableTLSForSentinelMode: true, sentinelTLS: tls.tls }),
  });
}

/** What holds of one server and not of the nodes of a cluster. */
const OWN = { enableOfflineQueue: false, retryStrategy: () => null };

function common({ timeout }: RedisSettings, name: string, wait: number) {
  return {
    lazyConnect: true,
    connectTimeout: timeout,
    commandTimeout: timeout + wait,
    enableAutoPipelining: true,
    // The check asks INFO, which a user of little rights may not.
    enableReadyCheck: false,
    disableClientInfo: true,
    connectionName: `pinnacle/${name.replaceAll(' ', '-')}`,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    protocol: 2 as const,
  };
}

// Of all that is ever trusted in one file; more is some other file.
const MAX_CA_BYTES = 1_048_576;

async function authority(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const { bytes } = await readInput(file, MAX_CA_BYTES).catch((error: FileProblem) => {
    throw new Failure('config', 'CONFIG_INVALID', `The file of redis.ca, ${file}, ${error.why}.`);
  });
  return bytes.toString('utf8');
}
