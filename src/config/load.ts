import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CliError } from '../cli/errors.ts';
import { parseDuration } from '../util/duration.ts';
import { nearest } from '../util/text.ts';
import { masked, SETTING_NAMES, SETTINGS, type Setting, type SettingName } from './settings.ts';

/** Where configuration is looked for. */
export interface ConfigSource {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  home: string;
  /** --config, --profile and --timeout as given. */
  file?: string | undefined;
  profile?: string | undefined;
  timeout?: string | undefined;
}

export interface Resolved {
  value: string | number | boolean | undefined;
  /** Where the value came from, in words: `environment DATABASE_URL`, `profile prod in …`, `default`. */
  origin: string;
}

/** The settings in force. Durations are milliseconds, paths absolute. */
export interface Config {
  database: string | undefined;
  migrateUrl: string | undefined;
  dataDir: string;
  timeZone: string;
  timeout: number;
  poolSize: number;
  protected: boolean;
  redisUrl: string | undefined;
  profile: string | undefined;
  file: string | undefined;
  resolved: Readonly<Record<SettingName, Resolved>>;
}

type Json = Record<string, unknown>;

const invalid = (message: string, hint?: string) =>
  new CliError('config', 'CONFIG_INVALID', message, hint ? { hint } : {});

/** The file that would be read: the one named, else ./pinnacle.config.json, else the user's own. */
export function configPaths(source: ConfigSource): { paths: string[]; named: boolean } {
  const named = source.file ?? source.env['PINNACLE_CONFIG'];
  if (named) return { paths: [resolve(source.cwd, named)], named: true };
  const home = source.env['XDG_CONFIG_HOME'] || join(source.home, '.config');
  return {
    paths: [join(source.cwd, 'pinnacle.config.json'), join(home, 'pinnacle', 'pinnacle.config.json')],
    named: false,
  };
}

/** The settings in force, flags > environment > profile > file > default. Throws CONFIG_INVALID (exit 78). */
export async function loadConfig(source: ConfigSource): Promise<Config> {
  const { paths, named } = configPaths(source);
  const file = await firstFile(paths, named);
  const top = file?.content ?? {};
  const profile = source.profile ?? source.env['PINNACLE_PROFILE'] ?? asText(top['profile']);
  const layers = [
    { origin: 'flag --timeout', content: source.timeout === undefined ? {} : { timeout: source.timeout } },
    { origin: '', content: {} },
    ...(profile === undefined
      ? []
      : [{ origin: `profile ${profile}`, content: profileOf(top, profile, file?.path) }]),
    ...(file ? [{ origin: file.path, content: top }] : []),
  ];
  const resolved = {} as Record<SettingName, Resolved>;
  for (const name of SETTING_NAMES) resolved[name] = await resolveSetting(name, layers, source, file?.path);
  const text = (name: SettingName) => resolved[name].value as string | undefined;
  return {
    database: text('database'),
    migrateUrl: text('migrateUrl'),
    dataDir: resolve(source.cwd, text('dataDir') ?? defaultDataDir(source)),
    timeZone: String(text('timeZone')),
    timeout: parseDuration(String(text('timeout'))),
    poolSize: Number(resolved.poolSize.value),
    protected: resolved.protected.value === true,
    redisUrl: text('redis.url'),
    profile,
    file: file?.path,
    resolved,
  };
}

function defaultDataDir(source: ConfigSource): string {
  return join(source.env['XDG_DATA_HOME'] || join(source.home, '.local', 'share'), 'pinnacle', 'database');
}

const asText = (value: unknown) => (typeof value === 'string' ? value : undefined);

function profileOf(top: Json, profile: string, path: string | undefined): Json {
  const profiles = (top['profiles'] ?? {}) as Json;
  const found = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (found !== undefined) return found as Json;
  const known = Object.keys(profiles);
  throw invalid(
    `There is no profile ${profile}${path ? ` in ${path}` : ': no configuration file was found'}.`,
    known.length > 0 ? `The profiles are: ${known.join(', ')}.` : 'See: pinnacle config path',
  );
}

async function resolveSetting(
  name: SettingName,
  layers: readonly { origin: string; content: Json }[],
  source: ConfigSource,
  path: string | undefined,
): Promise<Resolved> {
  const setting: Setting = SETTINGS[name];
  for (const { origin, content } of layers) {
    const variable = origin === '' ? setting.env.find((env) => source.env[env]) : undefined;
    const raw = variable ? source.env[variable] : valueAt(content, name);
    if (raw === undefined) continue;
    const from = variable ? `environment ${variable}` : origin;
    const { value, via } = await dereference(raw, name, source, path);
    return { value: checked(setting, name, value, from), origin: via ? `${from}, ${via}` : from };
  }
  const fallback = name === 'dataDir' ? defaultDataDir(source) : setting.fallback;
  return { value: fallback, origin: fallback === undefined ? 'not set' : 'default' };
}

function valueAt(content: Json, name: SettingName): unknown {
  return name.split('.').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], content);
}

function checked(setting: Setting, name: string, value: unknown, from: string): string | number | boolean {
  const result = setting.schema.safeParse(value);
  if (result.success) return result.data;
  const shown = setting.secret ? '' : `, not ${JSON.stringify(value)}`;
  throw invalid(`${name} (${from}) ${result.error.issues[0]?.message ?? 'is not valid'}${shown}.`);
}

/** Reads `{ "$env": NAME }` and `{ "$file": PATH }`; anything else is the value itself. */
async function dereference(
  raw: unknown,
  name: string,
  source: ConfigSource,
  path: string | undefined,
): Promise<{ value: unknown; via?: string }> {
  if (typeof raw !== 'object' || raw === null) return { value: raw };
  const { $env, $file } = raw as { $env?: unknown; $file?: unknown };
  if (typeof $env === 'string') {
    const value = source.env[$env];
    if (!value) throw invalid(`${name} is to come from the environment variable ${$env}, which is not set.`);
    return { value, via: `environment ${$env}` };
  }
  if (typeof $file === 'string') {
    const secretPath = resolve(path ? dirname(path) : source.cwd, $file);
    const content = await read(secretPath).catch(() => undefined);
    if (content === undefined)
      throw invalid(`${name} is to come from the file ${secretPath}, which cannot be read.`);
    return { value: content.text.trim(), via: `file ${secretPath}` };
  }
  throw invalid(`${name} must be a value, { "$env": "NAME" } or { "$file": "PATH" }.`);
}

async function firstFile(
  paths: readonly string[],
  named: boolean,
): Promise<{ path: string; content: Json } | undefined> {
  for (const path of paths) {
    const found = await read(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && !named) return undefined;
      const why = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`;
      throw invalid(`The configuration file ${path} ${why}.`, 'See: pinnacle config path');
    });
    if (found === undefined) continue;
    const content = parseFile(path, found.text);
    if ((found.mode & 0o077) !== 0 && holdsSecret(content))
      throw invalid(
        `${path} holds a password and may be read by others.`,
        `Run: chmod 600 ${path} (or put the secret elsewhere: { "$env": "NAME" }, { "$file": "PATH" }).`,
      );
    return { path, content };
  }
  return undefined;
}

async function read(path: string): Promise<{ text: string; mode: number }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY);
    // The mode of the file that was opened: a name may be swapped between two looks.
    const { mode } = await handle.stat();
    return { text: await handle.readFile('utf8'), mode };
  } finally {
    await handle?.close();
  }
}

function parseFile(path: string, text: string): Json {
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw invalid(`${path} is not valid JSON: ${(error as Error).message.replace(/, ?".*/s, '')}.`);
  }
  checkKeys(path, content, true);
  return content as Json;
}

/** Refuses what is no setting, with the name that was probably meant. */
function checkKeys(path: string, content: unknown, top: boolean): void {
  if (!isObject(content)) throw invalid(`${path} must hold a JSON object.`);
  const groups = [
    ...new Set(SETTING_NAMES.filter((name) => name.includes('.')).map((name) => name.split('.')[0])),
  ];
  const known: string[] = [...SETTING_NAMES, ...(top ? ['profile', 'profiles', '$schema'] : [])];
  for (const [key, value] of Object.entries(content)) {
    if (key === 'profiles' && top) {
      if (!isObject(value)) throw invalid(`${path}: profiles must be an object of profiles.`);
      for (const profile of Object.values(value)) checkKeys(path, profile, false);
    } else if (groups.includes(key)) {
      if (!isObject(value)) throw invalid(`${path}: ${key} must be an object.`);
      for (const inner of Object.keys(value)) refuseUnknown(path, `${key}.${inner}`, known);
    } else refuseUnknown(path, key, known);
  }
}

function refuseUnknown(path: string, key: string, known: readonly string[]): void {
  if (known.includes(key)) return;
  const guess = nearest(key, known);
  throw invalid(`${path}: there is no setting ${key}${guess ? `; did you mean ${guess}?` : '.'}`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function holdsSecret(content: Json): boolean {
  return Object.values(content).some((value) =>
    isObject(value) ? holdsSecret(value) : typeof value === 'string' && masked(value) !== value,
  );
}
