import { dirname, resolve } from 'node:path';
import { Failure } from '../../util/failure.ts';
import { type ConfigFile, type ConfigSource, invalid } from './file.ts';
import { check, dereference, type Found, pointer } from './references.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName, type SettingValue } from './settings.ts';
import type { Json } from './unknown-keys.ts';

export interface Resolved {
  value: SettingValue | undefined;
  /** Where the value came from, in words: `environment DATABASE_URL`, `profile prod in …`, `default`. */
  origin: string;
}

/** One place settings come from. */
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

/** Environment variables; an empty one is as good as none. */
export function envLayer(source: ConfigSource): Layer {
  return (name) => {
    const variable = SETTINGS[name].env.find((env) => source.env[env]);
    return variable
      ? { raw: source.env[variable], origin: `environment ${variable}`, base: source.cwd }
      : undefined;
  };
}

/** The settings of a file, or of a profile in it. */
export function fileLayer(file: ConfigFile, content: Json = file.content, profile?: string): Layer {
  const origin = profile === undefined ? file.path : `profile ${profile} in ${file.path}`;
  return (name) => {
    const raw = name.split('.').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], content);
    return raw === undefined ? undefined : { raw, origin, base: dirname(file.path) };
  };
}

/** Every setting from the first layer that has it; throws all complaints at once. */
export async function resolveAll(
  layers: readonly Layer[],
  env: ConfigSource['env'],
  dataDir: string,
): Promise<Record<SettingName, Resolved>> {
  const resolved = {} as Record<SettingName, Resolved>;
  const complaints: string[] = [];
  const hints: string[] = [];
  for (const name of SETTING_NAMES) {
    try {
      resolved[name] = await resolveOne(name, layers, env, dataDir);
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
  env: ConfigSource['env'],
  dataDir: string,
): Promise<Resolved> {
  const depth = layers.findIndex((layer) => layer(name));
  const found = layers[depth]?.(name);
  if (!found) {
    const fallback = name === 'dataDir' ? dataDir : (SETTINGS[name] as Setting).fallback;
    return { value: fallback, origin: fallback === undefined ? 'not set' : 'default' };
  }
  // A migration or a report must not reach the servers of a file while all else goes to the one that overrides it.
  const closer = layers.slice(0, depth).find((layer) => layer('database'));
  if ((name === 'migrateUrl' || name === 'replicas') && closer)
    return { value: undefined, origin: `not used: the database comes from ${closer('database')?.origin}` };
  const { value, via } = await dereference(found, name, env);
  const valid = check(name, value, found.origin);
  return {
    value: 'path' in SETTINGS[name] ? resolve(found.base, String(valid)) : valid,
    origin: via ? `${found.origin}, ${via}` : found.origin,
  };
}

/** Complaints about what the file itself says, as far as it can be told without the values it points to. */
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
