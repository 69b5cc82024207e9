import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../util/failure.ts';
import { type ConfigSource, type ConfigText, invalid } from './file.ts';
import { check, dereference, type Found, pointer } from './references.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName, type SettingValue } from './settings.ts';
import { databaseIsGroup, type Json } from './unknown-keys.ts';

export interface Resolved {
  /** As in `Config`. */
  value: SettingValue | undefined;
  /** As you write it: a duration with its unit, a list as an array, a path absolute. */
  written: unknown;
  /** The source of the value: `environment DATABASE_URL`, `profile prod in …`, `default`. */
  origin: string;
}

/** One source of settings. */
export type Layer = (name: SettingName) => Found | undefined;

/** The flags that are settings. */
export function flagLayer(source: ConfigSource): Layer {
  const given: Partial<Record<SettingName, [unknown, string]>> = {
    timeout: [source.timeout, '--timeout'],
    allowSuperuser: [source.allowSuperuser, '--allow-superuser'],
  };
  return (name) => {
    const [raw, flag] = given[name] ?? [];
    return raw === undefined ? undefined : { raw, origin: `flag ${flag}`, base: source.cwd };
  };
}

/** Environment variables; an empty one counts as not set. */
export function envLayer(source: ConfigSource): Layer {
  return (name) => {
    const variable = SETTINGS[name].env.find((env) => source.env[env]);
    return variable
      ? { raw: source.env[variable], origin: `environment ${variable}`, base: source.cwd }
      : undefined;
  };
}

/** The settings of a file, or of a profile in it. */
export function fileLayer(file: ConfigText, content: Json = file.content, profile?: string): Layer {
  const origin = profile === undefined ? file.path : `profile ${profile} in ${file.path}`;
  const settings = databaseIsGroup(content) ? { ...content, ...flatDatabase(content) } : content;
  return (name) => {
    const raw =
      settings[name] ??
      name.split('.').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], settings);
    return raw === undefined ? undefined : { raw, origin, base: dirname(file.path) };
  };
}

/** `{ "database": { "url": …, "schema": … } }` as the settings that it stands for. */
function flatDatabase({ database }: Json): Json {
  const { url, schema } = database as Json;
  return { database: url, 'database.schema': schema };
}

/** Every setting from the first layer that has it; throws all complaints at once. */
export async function resolveAll(
  layers: readonly Layer[],
  source: Pick<ConfigSource, 'env' | 'home'>,
): Promise<Record<SettingName, Resolved>> {
  const resolved = {} as Record<SettingName, Resolved>;
  const complaints: string[] = [];
  const hints: string[] = [];
  for (const name of SETTING_NAMES) {
    try {
      resolved[name] = await resolveOne(name, layers, source, resolved);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      complaints.push(error.message);
      if (error.details.hint) hints.push(error.details.hint);
    }
  }
  if (complaints.length > 0) throw invalid(complaints.join('\n'), hints.join('\n'));
  return resolved;
}

async function resolveOne(
  name: SettingName,
  layers: readonly Layer[],
  source: Pick<ConfigSource, 'env' | 'home'>,
  resolved: Partial<Record<SettingName, Resolved>>,
): Promise<Resolved> {
  const depth = layers.findIndex((layer) => layer(name));
  const found = layers[depth]?.(name);
  // A migration or a report must not reach the servers of a file while all else goes to the one that overrides it.
  const main = mainOf(name);
  const closer = main && layers.slice(0, depth).find((layer) => layer(main));
  const isOf = name !== 'database.schema' || layers[depth]?.('database') !== undefined;
  if (found && main && closer && isOf)
    return {
      ...standard(name, source, resolved),
      origin: `not used: ${main === 'database' ? 'the database' : main} comes from ${closer(main)?.origin}`,
    };
  if (!found) return standard(name, source, resolved);
  const { value: raw, via } = await dereference(found, name, source.env);
  const value = check(name, raw, found.origin);
  return {
    ...asWritten(name, raw, 'path' in SETTINGS[name] ? resolve(found.base, String(value)) : value),
    origin: via ? `${found.origin}, ${via}` : found.origin,
  };
}

/** The setting that names the server which another setting belongs to. */
function mainOf(name: SettingName): 'database' | 'redis.url' | undefined {
  if (name === 'migrateUrl' || name === 'replicas' || name === 'database.schema') return 'database';
  return /^redis\.\w+\.url$/.test(name) ? 'redis.url' : undefined;
}

function asWritten(name: SettingName, raw: unknown, value: SettingValue) {
  return { value, written: 'as' in SETTINGS[name] ? raw : value };
}

/** The default of a setting. */
function standard(
  name: SettingName,
  { env, home }: Pick<ConfigSource, 'env' | 'home'>,
  { dataDir, 'database.schema': chosen }: Partial<Record<SettingName, Resolved>>,
): Resolved {
  const { fallback, fallbackIn }: Setting = SETTINGS[name];
  const data = dataHome({ env, home });
  const raw =
    fallbackIn?.({ data, database: String(dataDir?.value), schema: chosen?.value as string | undefined }) ??
    fallback;
  if (raw === undefined) return { value: undefined, written: undefined, origin: 'not set' };
  return { ...asWritten(name, raw, check(name, raw, 'default')), origin: 'default' };
}

/** The folder of the user's data. */
export const dataHome = ({ env, home }: Pick<ConfigSource, 'env' | 'home'>): string =>
  env['XDG_DATA_HOME'] || join(home, '.local', 'share');

/** The complaints about the values in a file itself, without those it points to. */
export function literalComplaints(layer: Layer): string[] {
  return SETTING_NAMES.flatMap((name) => {
    const found = layer(name);
    try {
      if (found && !pointer(found.raw, name)) check(name, found.raw, found.origin);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
}
