import { type ConfigFile, type ConfigSource, findConfigFile, invalid } from './file.ts';
import { envLayer, fileLayer, flagLayer, type Resolved, resolveAll } from './resolve.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName, type Values } from './settings.ts';
import type { Json } from './unknown-keys.ts';

/** The settings in force, and where they come from. */
export interface Config extends Omit<Values, 'redis'> {
  /** How Redis is reached; undefined if none is configured. */
  redis: RedisSettings | undefined;
  profile: string | undefined;
  /** The configuration file. */
  file: string | undefined;
  /** Whether the file is named by --config or PINNACLE_CONFIG, so that it may run commands. */
  fileIsNamed: boolean;
  resolved: Readonly<Record<SettingName, Resolved>>;
}

/** How Redis is reached: as one server, through sentinels, or as a cluster. */
export type RedisSettings = Values['redis'];

/** The settings in force, flags > environment > profile > file > default. Throws CONFIG_INVALID (exit 78). */
export async function loadConfig(source: ConfigSource): Promise<Config> {
  const file = await findConfigFile(source);
  const profile = profileName(source, file);
  const layers = [
    flagLayer(source),
    envLayer(source),
    ...(profile === undefined ? [] : [profileLayer(file, profile)]),
    ...(file ? [fileLayer(file)] : []),
  ];
  const resolved = await resolveAll(layers, source);
  const values = nest(resolved);
  return {
    ...values,
    redis: configured(values.redis),
    profile,
    file: file?.path,
    fileIsNamed: file?.isNamed ?? false,
    resolved,
  };
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

function configured(redis: RedisSettings): RedisSettings | undefined {
  const { url, sentinels, cluster } = redis;
  if (sentinels && cluster)
    throw invalid('redis.sentinels and redis.cluster exclude each other.', 'Remove one of them.');
  return url || sentinels || cluster ? redis : undefined;
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
