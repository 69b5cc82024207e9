import { join } from 'node:path';
import { usage } from '../../util/failure.ts';
import { truncate } from '../../util/text.ts';
import { refuseUnfollowed } from '../postgres/url-parameters.ts';
import { type ConfigFile, type ConfigSource, findConfigFile, invalid } from './file.ts';
import { REDIS_PURPOSES, type RedisPurpose } from './redis-settings.ts';
import { type Found, pointer } from './references.ts';
import { envLayer, fileLayer, flagLayer, type Resolved, resolveAll } from './resolve.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName, type Values } from './settings.ts';
import type { Json } from './unknown-keys.ts';

/** The settings in force, and where they come from. */
export interface Config extends Omit<Values, 'redis'> {
  /** How Redis is reached, for each purpose; undefined if none is configured. */
  redis: AllRedis | undefined;
  /** The profile in force; undefined if the environment names another database than the profile does. */
  profile: string | undefined;
  /** Where the database comes from, and where not, if a profile and the environment name different ones. */
  choice: { taken: string; passedOver: string } | undefined;
  /** The configuration file. */
  file: string | undefined;
  /** Whether the file is named by --config or PINNACLE_CONFIG, so that it may run commands. */
  fileIsNamed: boolean;
  resolved: Readonly<Record<SettingName, Resolved>>;
}

/** How one Redis is reached: as one server, through sentinels, or as a cluster. */
export type RedisSettings = Omit<Values['redis'], PurposeUrl | Channel> &
  Partial<Pick<Values['redis'], Channel>>;

/** How the Redis of each purpose is reached: as the first, unless it has a URL of its own. */
export type AllRedis = RedisSettings & Partial<Pick<Values['redis'], PurposeUrl>>;

type PurposeUrl = `${RedisPurpose}Url`;
type Channel = 'ordersChannel' | 'notificationsChannel';

/**
 * The settings in force: flags > environment > profile > file > default, but a profile named by --profile comes before
 * the environment. Throws CONFIG_INVALID (exit 78), and a usage error for a flag.
 */
export async function loadConfig(source: ConfigSource): Promise<Config> {
  checkTimeout(source.timeout);
  const file = await findConfigFile(source);
  const profile = profileName(source, file);
  const ofProfile = profile === undefined ? undefined : profileLayer(file, profile);
  const ofEnv = envLayer(source);
  const between = source.profile === undefined ? [ofEnv, ofProfile] : [ofProfile, ofEnv];
  const layers = [flagLayer(source), ...between, file && fileLayer(file)];
  const resolved = await resolveAll(
    layers.filter((layer) => layer !== undefined),
    source,
  );
  const values = nest(resolved);
  const choice = conflict(
    between.map((layer) => layer?.('database')),
    source.env,
  );
  return {
    ...values,
    ...(await inSchema(values, source.env)),
    redis: configured(values.redis),
    // The name of a profile belongs to its database.
    profile: choice && source.profile === undefined ? undefined : profile,
    choice,
    file: file?.path,
    fileIsNamed: file?.isNamed ?? false,
    resolved,
  };
}

/** Throws a usage error: a flag is no configuration. */
function checkTimeout(timeout: string | undefined): void {
  const checked = SETTINGS.timeout.schema.safeParse(timeout);
  if (timeout === undefined || checked.success) return;
  throw usage(`--timeout ${checked.error.issues[0]?.message}, not ${JSON.stringify(truncate(timeout))}.`);
}

/** Which of two databases is taken, if they differ. */
function conflict([taken, left]: readonly (Found | undefined)[], env: ConfigSource['env']) {
  const rawOf = ({ raw }: Found) => {
    const target = pointer(raw, 'database');
    return target && 'env' in target ? env[target.env] : raw;
  };
  if (!taken || !left || rawOf(taken) === rawOf(left)) return undefined;
  return { taken: taken.origin, passedOver: left.origin };
}

/** The values by their paths in `Config`. */
function nest(resolved: Readonly<Record<SettingName, Resolved>>): Values {
  const values: Json = {};
  for (const name of SETTING_NAMES) {
    const { as = name }: Setting = SETTINGS[name];
    const [group = '', key] = as.split('.');
    if (key === undefined) values[group] = resolved[name].value;
    else values[group] = { ...(values[group] as Json), [key]: resolved[name].value };
  }
  return values as unknown as Values;
}

/**
 * The URLs of the servers, each with the schema that everything is in, and the folder of its backups: another schema's are
 * neither listed, counted nor pruned with them. Throws CONFIG_INVALID for what is not followed.
 */
async function inSchema(
  { schema, database, migrateUrl, replicas, backup }: Values,
  env: ConfigSource['env'],
) {
  if (database === undefined || database === 'embedded') return {};
  for (const url of [database, migrateUrl ?? [], replicas].flat()) refuseUnfollowed(url, env);
  if (schema === undefined) return {};
  const { withSchema } = await import('../postgres/server-url.ts');
  return {
    database: withSchema(database, schema),
    migrateUrl: migrateUrl && withSchema(migrateUrl, schema),
    replicas: replicas.map((url) => withSchema(url, schema)),
    backup: { ...backup, dir: join(backup.dir, schema) },
  };
}

function configured(redis: Values['redis']): AllRedis | undefined {
  const { url, sentinels, cluster } = redis;
  if (sentinels && cluster)
    throw invalid('redis.sentinels and redis.cluster exclude each other.', 'Remove one of them.');
  if (url || sentinels || cluster) return redis;
  const lacking = REDIS_PURPOSES.filter((purpose) => !redis[`${purpose}Url`]);
  if (lacking.length === 0) return redis;
  if (lacking.length === REDIS_PURPOSES.length) return undefined;
  throw invalid(
    `No URL of Redis is configured for ${lacking.join(', ')}.`,
    `Set redis.url (REDIS_URL), or ${lacking.map((purpose) => `redis.${purpose}.url`).join(', ')}.`,
  );
}

function profileName(source: ConfigSource, file: ConfigFile | undefined): string | undefined {
  const named = source.profile ?? (source.env['PINNACLE_PROFILE'] || undefined);
  return named ?? (file?.content['profile'] as string | undefined);
}

function profileLayer(file: ConfigFile | undefined, profile: string) {
  const profiles = (file?.content['profiles'] ?? {}) as Record<string, Json>;
  if (file && Object.hasOwn(profiles, profile)) return fileLayer(file, profiles[profile], profile);
  const known = Object.keys(profiles);
  throw invalid(
    `There is no profile ${profile}${file ? ` in ${file.path}` : ': no configuration file was found'}.`,
    known.length > 0 ? `The profiles are: ${known.join(', ')}.` : 'See: pinnacle config path',
  );
}
