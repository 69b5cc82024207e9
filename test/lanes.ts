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

/** Of the embedded lane, what takes the most time: its short form leaves these to the long one. */
const LONG_WHEN_EMBEDDED = [
  'acceptance/processes',
  'cli/confirmations',
  'cli/lists',
  'cli/pages',
  'cli/terminal-lists',
  'commands/corporate-action/corporate-action',
  'commands/corporate-action/left',
  'commands/fill/correct',
  'commands/market/import',
  'commands/order/import.',
  'commands/position/merge-symbol',
  'commands/reconcile/reconcile',
  'commands/report/browser',
  'commands/report/shared-cases',
  'commands/risk/bypass',
  'commands/user/disable',
  'commands/user/flows',
  'commands/user/logins',
  'commands/user/offboard',
  'docs/readme',
  'operations/adoption/',
  'operations/alerts/deliver',
  'operations/alerts/hostile',
  // A backup of this engine and into it is `backup/round-trip`, of the other lane.
  'operations/backup/backup',
  'operations/backup/damage',
  'operations/backup/folder',
  'operations/backup/forged',
  'operations/health/calendar',
  'operations/health/check',
  'operations/migrations/down',
  'operations/migrations/drift',
  'operations/migrations/record',
  'operations/migrations/steps',
  'operations/retention/redis',
  'operations/schema/',
  'platform/files/export',
  'security/hostile-records',
  'security/hostile-sources',
  'trading/adoption/',
  'trading/ledger/products',
].map((path) => join('test', path));
const isShort = process.env['PINNACLE_TEST_EMBEDDED'] === 'short';

/** What a kind of database runs: the faster one everything but the unit suites, the other one what is left to it. */
export const suitesOf = (kind: Kind): string[] =>
  kind === KINDS[0]
    ? paths((text) => !isUnit(text) && !(kind === 'embedded' && isServerOnly(text)))
    : paths((text) => takes(text, 'databases')).filter(
        (path) => !isShort || !LONG_WHEN_EMBEDDED.some((start) => path.startsWith(start)),
      );
