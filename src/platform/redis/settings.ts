import { Failure } from '../../util/failure.ts';

/** How Redis is reached: one server, by sentinels, or a cluster. */
export interface RedisSettings {
  /** Also where user, password, database and TLS of sentinels and clusters come from. */
  url: string | undefined;
  sentinels: readonly string[] | undefined;
  cluster: readonly string[] | undefined;
  /** The sentinels' name for the master. */
  master: string;
  /** A file with the certificate of the authority, PEM. */
  ca: string | undefined;
  prefix: string;
  /** Milliseconds. */
  timeout: number;
}

/** The refusal of what cannot be done without Redis, where none is configured. */
export function noRedis(): Failure {
  return new Failure('config', 'NO_REDIS', 'No Redis is configured.', {
    hint: 'Set REDIS_URL, or redis.url in the configuration.',
  });
}

/** Where Redis is, in a few words. */
export function describeRedis({ url, sentinels, cluster, master }: RedisSettings): string {
  if (cluster) return `cluster ${cluster.join(', ')}`;
  if (sentinels) return `${master} of sentinels ${sentinels.join(', ')}`;
  const { host, port } = partsOf(url);
  return `${host}:${port}`;
}

/** What a URL of Redis says; throws CONFIG_INVALID (exit 78). */
export function partsOf(url = 'redis://localhost') {
  const { protocol, hostname, port, username, password, pathname } = parsed(url);
  const plain = (text: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw unusable();
    }
  };
  return {
    secure: protocol === 'rediss:',
    host: hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(port || 6379),
    db: Number(pathname.slice(1) || 0),
    login: {
      ...(username && { username: plain(username) }),
      ...(password && { password: plain(password) }),
    },
  };
}

function parsed(url: string): URL {
  if (!URL.canParse(url)) throw unusable();
  const parts = new URL(url);
  if (!/^\/?\d*$/.test(parts.pathname)) throw unusable();
  return parts;
}

function unusable(): Failure {
  return new Failure('config', 'CONFIG_INVALID', 'The URL of Redis cannot be used.', {
    hint: 'It is written redis://user:password@host:6379/0; a special character of the password must be %-encoded.',
  });
}

/** `host:port` taken apart. */
export function addressOf(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}
