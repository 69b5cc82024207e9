import { join } from 'node:path';
import type { Templates } from '../risk/rule.ts';
import { parseDuration } from '../util/duration.ts';
import { type ConfigFile, type ConfigSource, findConfigFile } from './file.ts';
import type { Json } from './keys.ts';
import { invalid } from './read.ts';
import { envLayer, fileLayer, flagLayer, type Resolved, resolveAll } from './resolve.ts';
import type { SettingName } from './settings.ts';

/** The settings in force. Durations are milliseconds, paths absolute. */
export interface Config {
  database: string | undefined;
  migrateUrl: string | undefined;
  dataDir: string;
  timeZone: string;
  timeout: number;
  poolSize: number;
  protected: boolean;
  allowSuperuser: boolean;
  redisUrl: string | undefined;
  /** Where the key ring is read from, beside PINNACLE_KEYRING. */
  keyring: { file: string | undefined; command: readonly string[] | undefined };
  /** What checkpoints of the audit log are signed with, and where they are kept outside the database. */
  audit: { signingKeyFile: string | undefined; anchorFile: string | undefined };
  /** By risk tolerance. */
  riskTemplates: Templates;
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
    dataDir: String(text('dataDir')),
    timeZone: String(text('timeZone')),
    timeout: parseDuration(String(text('timeout'))),
    poolSize: Number(resolved.poolSize.value),
    protected: resolved.protected.value === true,
    allowSuperuser: resolved.allowSuperuser.value === true,
    redisUrl: text('redis.url'),
    keyring: {
      file: text('keyring.file'),
      command: resolved['keyring.command'].value as readonly string[] | undefined,
    },
    audit: { signingKeyFile: text('audit.signingKeyFile'), anchorFile: text('audit.anchorFile') },
    riskTemplates: (resolved['risk.templates'].value ?? {}) as Templates,
    profile,
    file: file?.path,
    resolved,
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
