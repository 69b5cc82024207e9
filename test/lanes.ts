import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinaries } from './helpers/binaries.ts';

export type Kind = 'server' | 'embedded';

/** The kinds of database that suites can run on here, the faster one first. */
export const KINDS: readonly [Kind, ...Kind[]] =
  process.env['PINNACLE_TEST_DATABASE_URL'] || findBinaries() ? ['server', 'embedded'] : ['embedded'];

const suites = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => ({ path: join('test', path), text: readFileSync(join('test', path), 'utf8') }));

const paths = (isIn: (text: string) => boolean) =>
  suites.filter(({ text }) => isIn(text)).map(({ path }) => path);

/** Needs no server, database or process: imports src and packages only. */
const isUnit = (text: string) =>
  !/^(import|\}).* from '(\.\.?\/(?!(\.\.\/)*src\/)|node:child_process)/m.test(text);
const takes = (text: string, name: string) =>
  new RegExp(`import [^;]*\\b${name}\\b[^;]*databases\\.ts'`).test(text);
const isServerOnly = (text: string) =>
  takes(text, 'servers') && !takes(text, 'databases') && !takes(text, 'embedded');

export const UNIT = paths(isUnit);

/** The suites that have nothing to do where there is no server. */
export const SERVER_ONLY = paths(isServerOnly);

/** Where the program meets the engine itself; the short form of the embedded lane leaves the verbs on top to the long one. */
const MEETS_ENGINE = ['acceptance', 'audit', 'contract', 'docs', 'platform', 'projection', 'trading'].map(
  (folder) => join('test', folder, '/'),
);
export const isShort = process.env['PINNACLE_TEST_EMBEDDED'] === 'short';

/** What a kind of database runs: the faster one everything but the unit suites, the other one what is left to it. */
export const suitesOf = (kind: Kind): string[] =>
  kind === KINDS[0]
    ? paths((text) => !isUnit(text) && !(kind === 'embedded' && isServerOnly(text)))
    : paths((text) => takes(text, 'databases')).filter(
        (path) => !isShort || MEETS_ENGINE.some((folder) => path.startsWith(folder)),
      );
