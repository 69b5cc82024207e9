import { addresses, duration, lifetime, pathTo, textThat, timestampForm, url } from './schemas.ts';

/** What Redis is for. Services have a database or a server for each, or one for all. */
export const REDIS_PURPOSES = ['market', 'orders', 'sessions', 'notifications'] as const;
export type RedisPurpose = (typeof REDIS_PURPOSES)[number];

const redisUrl = url(['redis', 'rediss'], 'a URL such as redis://host:6379/0');

const urlFor = <P extends RedisPurpose>(purpose: P, what: string) => ({
  help: `the URL of Redis for ${what}, where that is not redis.url`,
  env: [`REDIS_${purpose.toUpperCase()}_URL`],
  secret: true as const,
  as: `redis.${purpose}Url` as const,
  schema: redisUrl,
});

const channelFor = <P extends RedisPurpose>(purpose: P, what: string) => ({
  help: `the channel on which ${what} are published as well, for services that subscribe; none if not set`,
  env: [`PINNACLE_REDIS_${purpose.toUpperCase()}_CHANNEL`],
  as: `redis.${purpose}Channel` as const,
  schema: textThat(
    (value) => /^[\w.:-]{1,100}$/.test(value),
    'must be the name of a channel such as order_updates',
  ),
});

/** The settings of Redis, and of the quotes in it. */
export const REDIS_SETTINGS = {
  'redis.url': {
    help: 'the URL of Redis',
    env: ['REDIS_URL'],
    secret: true,
    schema: redisUrl,
  },
  'redis.market.url': urlFor('market', 'quotes'),
  'redis.orders.url': urlFor('orders', 'orders and halts'),
  'redis.sessions.url': urlFor('sessions', 'login sessions'),
  'redis.notifications.url': urlFor('notifications', 'notifications'),
  'redis.orders.channel': channelFor('orders', 'changes of orders'),
  'redis.notifications.channel': channelFor('notifications', 'notifications'),
  'redis.sentinels': {
    help: 'the sentinels of the master; user, password, database and TLS are those of redis.url',
    env: [],
    structured: true,
    schema: addresses,
  },
  'redis.master': {
    help: 'the name of the master at the sentinels',
    env: [],
    schema: textThat((value) => value.trim() !== '', 'must be a name'),
    fallback: 'mymaster',
  },
  'redis.cluster': {
    help: 'nodes of a Redis Cluster; user, password and TLS are those of redis.url',
    env: [],
    structured: true,
    schema: addresses,
  },
  'redis.ca': {
    help: 'the certificate (PEM) of the authority that signed the certificate of Redis',
    env: ['PINNACLE_REDIS_CA'],
    path: true,
    schema: pathTo('file'),
  },
  'redis.prefix': {
    help: 'the prefix of every key in Redis',
    env: ['PINNACLE_REDIS_PREFIX'],
    schema: textThat((value) => /^[\w.:-]{0,64}$/.test(value), 'must be plain characters such as live:'),
    // Two schemas that share a Redis would take each other's keys for their own.
    fallbackIn: ({ schema }: { schema: string | undefined }) => (schema === undefined ? '' : `${schema}:`),
  },
  'redis.timeout': {
    help: 'how long a command waits for Redis',
    env: ['PINNACLE_REDIS_TIMEOUT'],
    as: 'redis.timeoutMs',
    schema: duration,
    fallback: '2s',
  },
  'market.staleAfter': {
    help: 'how old a quote may be before it is stale',
    env: ['PINNACLE_MARKET_STALE_AFTER'],
    as: 'market.staleAfterMs',
    schema: duration,
    fallback: '15m',
  },
  'market.timestamp': {
    help: 'how the time of a quote is written: unix (seconds since 1970), unix-ms or rfc3339; all three are read',
    env: ['PINNACLE_MARKET_TIMESTAMP'],
    schema: timestampForm,
    fallback: 'unix',
  },
  'market.lifetime': {
    help: 'how long a quote that this program writes stays in Redis',
    env: ['PINNACLE_MARKET_LIFETIME'],
    as: 'market.lifetimeMs',
    schema: lifetime,
    fallback: '30d',
  },
} as const;
