import { Failure } from '../../util/failure.ts';
import type { AllRedis, RedisSettings } from '../config/load.ts';
import { REDIS_PURPOSES, type RedisPurpose } from '../config/redis-settings.ts';

/** The failure of a command that needs Redis where none is configured. */
export function noRedis(): Failure {
  return new Failure('config', 'NO_REDIS', 'No Redis is configured.', {
    hint: 'Set REDIS_URL, or redis.url in the configuration.',
  });
}

/** Where Redis is, in a few words. */
export function describeRedis({ url, sentinels, cluster, master }: RedisSettings): string {
  if (cluster) return `cluster ${cluster.join(', ')}`;
  if (sentinels) return `${master} of sentinels ${sentinels.join(', ')}`;
  const { host, port, db } = parseRedisUrl(url);
  return `${host}:${port}${db === 0 ? '' : `/${db}`}`;
}

/** How the Redis of a purpose is reached. */
export function redisFor(all: AllRedis, purpose: RedisPurpose): RedisSettings {
  return { ...all, url: all[`${purpose}Url`] ?? all.url };
}

/** Where Redis is, for all purposes. */
export function describeAllRedis(all: AllRedis | undefined): string {
  if (!all) return '';
  return [...new Set(REDIS_PURPOSES.map((purpose) => describeRedis(redisFor(all, purpose))))].join(' or ');
}

/** The parts of a URL of Redis. */
export interface RedisUrl {
  secure: boolean;
  host: string;
  port: number;
  db: number;
  login: { username?: string; password?: string };
}

/** Parses a URL of Redis; throws CONFIG_INVALID (exit 78) if any part of it cannot be used. */
export function parseRedisUrl(url = 'redis://localhost'): RedisUrl {
  if (!URL.canParse(url)) throw invalidUrl();
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  return {
    secure: protocol === 'rediss:',
    host: hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(port || 6379),
    db: databaseIn(pathname.slice(1), searchParams),
    login: {
      ...(username && { username: decode(username) }),
      ...(password && { password: decode(password) }),
    },
  };
}

/** The database of the path or of `?db=`. Any other parameter would be ignored in silence, and is refused. */
function databaseIn(path: string, parameters: URLSearchParams): number {
  for (const name of parameters.keys())
    if (name !== 'db')
      throw new Failure(
        'config',
        'CONFIG_INVALID',
        `The URL of Redis has a parameter that is not supported: ${name}.`,
        {
          hint: 'Only db is: redis://host:6379?db=3, or shorter redis://host:6379/3.',
        },
      );
  const named = [...(path ? [path] : []), ...parameters.getAll('db')];
  if (named.some((db) => !/^\d+$/.test(db))) throw invalidUrl();
  const [db = 0, ...others] = new Set(named.map(Number));
  if (others.length > 0)
    throw new Failure(
      'config',
      'CONFIG_INVALID',
      `The URL of Redis names two databases: ${[db, ...others].join(', ')}.`,
      {
        hint: 'Name one: redis://host:6379/3.',
      },
    );
  return db;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUrl();
  }
}

function invalidUrl(): Failure {
  return new Failure('config', 'CONFIG_INVALID', 'The URL of Redis cannot be used.', {
    hint: 'It is written redis://user:password@host:6379/0; a special character of the password must be %-encoded.',
  });
}

/** Splits `host:port`. */
export function addressOf(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}
