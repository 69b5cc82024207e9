import { type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../util/failure.ts';
import { readInput } from '../../util/file.ts';
import { FileProblem } from '../../util/file-problem.ts';
import { isObject, parseJson } from '../../util/json.ts';
import { maskSecrets } from './settings.ts';
import { type Json, keyComplaints } from './unknown-keys.ts';

/** Where configuration is looked for. */
export interface ConfigSource {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  home: string;
  /** The operating-system user of the process, if the system has users. */
  uid?: number | undefined;
  /** --config, --profile, --timeout and --allow-superuser as given. */
  file?: string | undefined;
  profile?: string | undefined;
  timeout?: string | undefined;
  allowSuperuser?: boolean | undefined;
}

/** The content of a configuration file. */
export interface ConfigText {
  path: string;
  content: Json;
}

export interface ConfigFile extends ConfigText {
  /** Whether --config or PINNACLE_CONFIG names it; only then may it run commands. */
  isNamed: boolean;
}

/** The files that would be read, the first that exists: the one named, else ./pinnacle.config.json, else the user's own. */
export function configPaths(source: ConfigSource): { paths: string[]; named: boolean } {
  const named = source.file ?? (source.env['PINNACLE_CONFIG'] || undefined);
  if (named !== undefined) return { paths: [resolve(source.cwd, named)], named: true };
  const home = source.env['XDG_CONFIG_HOME'] || join(source.home, '.config');
  return {
    paths: [join(source.cwd, 'pinnacle.config.json'), join(home, 'pinnacle', 'pinnacle.config.json')],
    named: false,
  };
}

/**
 * The first configuration file that exists. Throws CONFIG_INVALID if the named one does not exist, and CONFIG_UNTRUSTED
 * for one that is not named and that another user may have written.
 */
export async function findConfigFile(source: ConfigSource): Promise<ConfigFile | undefined> {
  const { paths, named } = configPaths(source);
  for (const path of paths) {
    if (!named) refuseForeign(path, source.uid);
    const file = await readConfigFile(path);
    if (file) return { ...file, isNamed: named };
  }
  if (named) throw invalid(`The configuration file ${paths[0]} does not exist.`, 'See: pinnacle config path');
  return undefined;
}

/** Throws CONFIG_UNTRUSTED if another user but root owns or can write the file or its folder. */
function refuseForeign(path: string, uid: number | undefined): void {
  const folder = dirname(path);
  const found = statsOf(path, folder);
  if (!found || uid === undefined) return;
  const problem = (at: string, { uid: owner, mode }: Stats) => {
    if (owner !== uid && owner !== 0) return `${at} belongs to another user`;
    return (mode & 0o022) === 0 ? undefined : `${at} can be written by other users`;
  };
  const reason = problem(path, found[0]) ?? problem(folder, found[1]);
  if (reason === undefined) return;
  throw new Failure('config', 'CONFIG_UNTRUSTED', `${path} is not read: ${reason}.`, {
    hint: `If you trust it, name it: --config ${path}. Otherwise remove the rights of others: chmod go-w.`,
  });
}

/** Undefined where one of them is not there, or cannot be looked at. */
function statsOf(file: string, folder: string): readonly [Stats, Stats] | undefined {
  try {
    return [statSync(file), statSync(folder)];
  } catch {
    return undefined;
  }
}

/** A configuration file whose keys are known and whose secrets nobody else can read; undefined where there is none. */
export async function readConfigFile(path: string): Promise<ConfigText | undefined> {
  const found = await read(path, 'The configuration file', 'See: pinnacle config path');
  if (found === undefined) return undefined;
  const content = parse(path, found.text);
  const complaints = keyComplaints(content);
  if (complaints.length > 0) throw invalid(`${path} is not valid:\n${complaints.join('\n')}`);
  if ((found.mode & 0o077) !== 0 && holdsSecret(content as Json))
    throw invalid(
      `${path} holds a password and may be read by others.`,
      `Run: chmod 600 ${path} (or put the secret elsewhere: { "$env": "NAME" }, { "$file": "PATH" }).`,
    );
  return { path, content: content as Json };
}

/** The text of `{ "$file": PATH }`. `secret` says that nobody else may be able to read it. */
export async function readValueFile(path: string, secret: boolean): Promise<string> {
  const found = await read(path, 'The file');
  if (found === undefined) throw invalid(`The file ${path} does not exist.`);
  const { text, mode, uid } = found;
  // As PostgreSQL does for its key files: a file of root's may be shared with a group, as orchestrators mount secrets.
  const others = uid === 0 ? 0o037 : 0o077;
  if (secret && (mode & others) !== 0)
    throw invalid(`The file ${path} holds a secret and may be read by others.`, `Run: chmod 600 ${path}`);
  return text.trim();
}

function holdsSecret(content: Json): boolean {
  return Object.values(content).some((value) =>
    isObject(value) ? holdsSecret(value) : typeof value === 'string' && maskSecrets(value) !== value,
  );
}

// A configuration is a few hundred bytes.
const MAX_BYTES = 65_536;

/** The configuration cannot be used: exit 78. */
export function invalid(message: string, hint?: string): Failure {
  return new Failure('config', 'CONFIG_INVALID', message, hint ? { hint } : {});
}

/** A regular file of at most 64 KiB, with its mode and owner; undefined where there is none. Throws CONFIG_INVALID. */
async function read(
  path: string,
  what: string,
  hint?: string,
): Promise<{ text: string; mode: number; uid: number } | undefined> {
  try {
    const { bytes, stats } = await readInput(path, MAX_BYTES);
    return { text: bytes.toString('utf8'), mode: stats.mode, uid: stats.uid };
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw invalid(`${what} ${path} ${error.why}.`, hint);
  }
}

/** JSON of a file; throws CONFIG_INVALID without a word of its text. */
function parse(path: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw invalid(`${path} ${(error as Error).message}.`);
  }
}
