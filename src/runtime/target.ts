import type { Io } from '../cli/io.ts';
import type { Config, RedisSettings } from '../platform/config/load.ts';
import type { RedisPurpose } from '../platform/config/redis-settings.ts';
import { Failure } from '../util/failure.ts';

/** `embedded`, or the server's URL. With nothing configured a terminal gets the embedded database; a cron job, exit 78. */
export async function chooseDatabase(settings: Config, io: Io): Promise<string> {
  const { database, schema, choice } = settings;
  if (schema !== undefined && (database === undefined || database === 'embedded'))
    throw new Failure('config', 'CONFIG_INVALID', 'The embedded database has no schemas.', {
      hint: 'database.schema (PINNACLE_SCHEMA) is for a PostgreSQL server. For another embedded database, set PINNACLE_DATA_DIR.',
    });
  if (choice) await io.say(`The database is that of ${choice.taken}, not that of ${choice.passedOver}.`);
  if (database) return database;
  if (!io.isAttended)
    throw new Failure('config', 'NO_DATABASE', 'No database is configured.', {
      hint: 'Set DATABASE_URL to a PostgreSQL server, or PINNACLE_DATABASE=embedded for the embedded database; or write a configuration: pinnacle config init',
    });
  await io.say(`No database is configured: using the embedded one in ${settings.dataDir}.`);
  return 'embedded';
}

/** How the Redis of a purpose is reached; throws NO_REDIS (exit 78) where none is configured. */
export async function redisSettings(
  config: () => Promise<Config>,
  purpose: RedisPurpose,
): Promise<RedisSettings> {
  const { redis } = await config();
  const { noRedis, redisFor } = await import('../platform/redis/settings.ts');
  if (!redis) throw noRedis();
  return redisFor(redis, purpose);
}

/** Where a write goes: a database, or else the Redis of quotes. */
export async function describeTarget(
  config: () => Promise<Config>,
  database: (() => Promise<string>) | undefined,
): Promise<string> {
  const settings = await config();
  const where = database
    ? await describeDatabase(settings, await database())
    : `Redis ${(await import('../platform/redis/settings.ts')).describeRedis(await redisSettings(config, 'market'))}`;
  return settings.profile ? `${settings.profile} (${where})` : where;
}

async function describeDatabase({ dataDir }: Config, chosen: string): Promise<string> {
  if (chosen === 'embedded') return `embedded ${dataDir}`;
  return (await import('../platform/postgres/server-url.ts')).describeServer(chosen);
}
