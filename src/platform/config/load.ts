import { dirname, join } from 'node:path';
import type { Limits } from '../../domain/retention-periods.ts';
import type { Templates } from '../../domain/risk-limits.ts';
import { parseDuration } from '../../util/duration.ts';
import type { RedisSettings } from '../redis/settings.ts';
import { type ConfigFile, type ConfigSource, findConfigFile, invalid } from './file.ts';
import { envLayer, fileLayer, flagLayer, type Resolved, resolveAll } from './resolve.ts';
import type { SettingName } from './settings.ts';
import type { Json } from './unknown-keys.ts';

/** The settings in force. Durations are milliseconds, paths absolute. */
export interface Config {
  database: string | undefined;
  migrateUrl: string | undefined;
  replicas: readonly string[];
  maxReplicaWait: number;
  dataDir: string;
  timeZone: string;
  timeout: number;
  poolSize: number;
  protected: boolean;
  allowSuperuser: boolean;
  /** How Redis is reached; undefined where none is configured. */
  redis: RedisSettings | undefined;
  /** Where the key ring is read from, beside PINNACLE_KEYRING. */
  keyring: { file: string | undefined; command: readonly string[] | undefined };
  /** What checkpoints of the audit log are signed with, and where they are kept outside the database. */
  audit: { signingKeyFile: string | undefined; anchorFile: string | undefined };
  /** Where backups are, and the keys they are encrypted with. */
  backup: { dir: string; keyFile: string | undefined };
  /** How old a quote may be, in milliseconds. */
  staleAfter: number;
  /** By risk tolerance. */
  riskTemplates: Templates;
  /** Periods such as `30d`. */
  retention: Limits;
  profile: string | undefined;
  file: string | undefined;
  resolved: Readonly<Record<SettingName, Resolved>>;
}

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
  const resolved = await resolveAll(layers, source.env, defaultDataDir(source));
  const text = (name: SettingName) => resolved[name].value as string | undefined;
  return {
    database: text('database'),
    migrateUrl: text('migrateUrl'),
    replicas: (resolved.replicas.value ?? []) as readonly string[],
    maxReplicaWait: parseDuration(String(text('maxReplicaWait'))),
    dataDir: String(text('dataDir')),
    timeZone: String(text('timeZone')),
    timeout: parseDuration(String(text('timeout'))),
    poolSize: Number(resolved.poolSize.value),
    protected: resolved.protected.value === true,
    allowSuperuser: resolved.allowSuperuser.value === true,
    redis: redisSettings(resolved),
    keyring: {
      file: text('keyring.file'),
      command: resolved['keyring.command'].value as readonly string[] | undefined,
    },
    audit: { signingKeyFile: text('audit.signingKeyFile'), anchorFile: text('audit.anchorFile') },
    backup: {
      dir: text('backup.dir') ?? join(dirname(String(text('dataDir'))), 'backups'),
      keyFile: text('backup.keyFile'),
    },
    staleAfter: parseDuration(String(text('market.staleAfter'))),
    riskTemplates: (resolved['risk.templates'].value ?? {}) as Templates,
    retention: {
      sessions: String(text('retention.sessions')),
      riskRules: String(text('retention.riskRules')),
      notifications: String(text('retention.notifications')),
      idempotencyKeys: String(text('retention.idempotencyKeys')),
    },
    profile,
    file: file?.path,
    resolved,
  };
}

function redisSettings(resolved: Readonly<Record<SettingName, Resolved>>): RedisSettings | undefined {
  const text = (name: SettingName) => resolved[name].value as string | undefined;
  const [url, sentinels, cluster] = (['redis.url', 'redis.sentinels', 'redis.cluster'] as const).map(
    (name) => resolved[name].value,
  ) as [string | undefined, readonly string[] | undefined, readonly string[] | undefined];
  if (!url && !sentinels && !cluster) return undefined;
  if (sentinels && cluster)
    throw invalid(
      'redis.sentinels and redis.cluster exclude each other.',
      'Remove the one that is not meant.',
    );
  return {
    url,
    sentinels,
    cluster,
    master: String(text('redis.master')),
    ca: text('redis.ca'),
    prefix: String(text('redis.prefix') ?? ''),
    timeout: parseDuration(String(text('redis.timeout'))),
  };
}

function defaultDataDir(source: ConfigSource): string {
  return join(source.env['XDG_DATA_HOME'] || join(source.home, '.local', 'share'), 'pinnacle', 'database');
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
