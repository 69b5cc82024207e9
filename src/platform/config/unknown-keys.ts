import { isObject } from '../../util/json.ts';
import { closestMatch } from '../../util/text.ts';
import { SETTING_NAMES } from './settings.ts';

export type Json = Record<string, unknown>;

const TOP_ONLY = ['profile', 'profiles', '$schema'];
const PLAIN = SETTING_NAMES.filter((name) => !name.includes('.'));
const GROUPED = SETTING_NAMES.filter((name) => name.includes('.'));
const GROUPS = [...new Set(GROUPED.map((name) => name.slice(0, name.indexOf('.'))))];

/** Whether the database is written with its schema: `{ "url": …, "schema": … }`. */
export const databaseIsGroup = ({ database }: Json) =>
  isObject(database) && ('url' in database || 'schema' in database);

/** Everything in a configuration that is no setting or of the wrong shape, each with the name probably meant. */
export function keyComplaints(content: unknown): string[] {
  if (!isObject(content)) return ['the file must hold a JSON object'];
  const { profile, profiles, $schema, ...settings } = content;
  return [
    ...(profile === undefined || typeof profile === 'string'
      ? []
      : ['profile must be the name of a profile']),
    ...profilesComplaints(profiles),
    ...settingComplaints(settings, TOP_ONLY),
  ];
}

function profilesComplaints(profiles: unknown): string[] {
  if (profiles === undefined) return [];
  if (!isObject(profiles)) return ['profiles must be an object of profiles'];
  return Object.entries(profiles).flatMap(([name, profile]) =>
    isObject(profile)
      ? settingComplaints(profile).map((complaint) => `profile ${name}: ${complaint}`)
      : [`profile ${name} must be an object of settings`],
  );
}

function settingComplaints(settings: Json, alsoKnown: readonly string[] = []): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    if (key === 'database')
      return databaseIsGroup(settings)
        ? Object.keys(value as Json).flatMap((inner) =>
            unknown(`database.${inner}`, ['database.url', 'database.schema'], PLAIN),
          )
        : [];
    if (!GROUPS.includes(key)) return unknown(key, PLAIN, [...GROUPED, ...alsoKnown]);
    if (!isObject(value)) return [`${key} must be an object`];
    return Object.entries(value).flatMap(([inner, content]) => groupedComplaints(key, inner, content));
  });
}

/** Complaints about a setting of a group, or about a group within it. */
function groupedComplaints(group: string, key: string, content: unknown): string[] {
  const name = `${group}.${key}`;
  if (key.includes('.')) return unknown(name, [], GROUPED);
  if (!GROUPED.some((setting) => setting.startsWith(`${name}.`))) return unknown(name, GROUPED, PLAIN);
  if (!isObject(content)) return [`${name} must be an object`];
  return Object.keys(content).flatMap((inner) => unknown(`${name}.${inner}`, GROUPED, PLAIN));
}

/** A complaint where the key is not among the known; `also` are other places' keys that may have been meant. */
function unknown(key: string, known: readonly string[], also: readonly string[]): string[] {
  if (known.includes(key)) return [];
  if (GROUPED.includes(key as never)) return [`${key} must be written as ${nested(key)}`];
  const guess = closestMatch(key, [...known, ...also]);
  return [`there is no setting ${key}${guess ? `; did you mean ${guess}?` : ''}`];
}

function nested(key: string): string {
  return key.split('.').reduceRight((inner, name) => `{ "${name}": ${inner} }`, '…');
}
