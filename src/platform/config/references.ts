import { resolve } from 'node:path';
import { isObject } from '../../util/json.ts';
import { truncate } from '../../util/text.ts';
import { type ConfigSource, invalid, readValueFile } from './file.ts';
import { maskSecrets, SETTINGS, type Setting, type SettingName, type SettingValue } from './settings.ts';

/** A value as it is written somewhere. */
export interface Found {
  raw: unknown;
  origin: string;
  /** The folder that relative paths start from. */
  base: string;
}

/** The value of a setting after its own rules; throws CONFIG_INVALID, without the value of a secret. */
export function check(name: SettingName, value: unknown, from: string): SettingValue {
  const setting: Setting = SETTINGS[name];
  const result = setting.schema.safeParse(value);
  if (result.success) return result.data;
  const silent = setting.secret || setting.structured;
  const shown = silent
    ? ''
    : `, not ${JSON.stringify(typeof value === 'string' ? truncate(maskSecrets(value)) : value)}`;
  const complaints = result.error.issues.map(
    ({ path, message }) => `${[name, ...path].join('.')} (${from}) ${message}${shown}.`,
  );
  throw invalid([...new Set(complaints)].join('\n'));
}

/** What is written, or what it points to. */
export async function dereference(
  { raw, base }: Found,
  name: SettingName,
  env: ConfigSource['env'],
): Promise<{ value: unknown; via?: string }> {
  const target = pointer(raw, name);
  if (!target) return { value: raw };
  if ('env' in target) {
    const value = env[target.env];
    if (!value)
      throw invalid(`${name} is to come from the environment variable ${target.env}, which is not set.`);
    return { value, via: `environment ${target.env}` };
  }
  const path = resolve(base, target.file);
  return { value: await readValueFile(path, 'secret' in SETTINGS[name]), via: `file ${path}` };
}

/** What `{ "$env": NAME }` or `{ "$file": PATH }` points to; undefined for a value that stands for itself. */
export function pointer(raw: unknown, name: SettingName): { env: string } | { file: string } | undefined {
  if (typeof raw !== 'object' || raw === null || 'structured' in SETTINGS[name]) return undefined;
  if (Array.isArray(raw) && 'list' in SETTINGS[name]) return undefined;
  const [entry, ...more] = isObject(raw) ? Object.entries(raw) : [];
  if (entry && more.length === 0 && typeof entry[1] === 'string' && entry[1] !== '') {
    if (entry[0] === '$env') return { env: entry[1] };
    if (entry[0] === '$file') return { file: entry[1] };
  }
  throw invalid(`${name} must be a value, { "$env": "NAME" } or { "$file": "PATH" }.`);
}
