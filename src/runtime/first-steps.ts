import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Surroundings } from '../cli/io.ts';
import { loadConfig } from '../platform/config/load.ts';
import { describeTarget } from './target.ts';

type Line = readonly [command: string, about: string];

const NOTHING_YET: readonly Line[] = [
  ['demo --keep', 'thirty days of trades to practise on'],
  ['config init', 'choose a database and connect to it'],
  ['help', 'every command'],
];

const NO_DATABASE_YET: readonly Line[] = [
  ['migrate up', 'make the database'],
  ['demo --keep', NOTHING_YET[0]?.[1] ?? ''],
  ['help', 'every command'],
];

const READY: readonly Line[] = [
  ['doctor', 'whether all is well'],
  ['position list', 'what is held'],
  ['risk status', 'who is halted, and which limits are broken'],
  ['help', 'every command'],
];

/** What to type next, for a person who typed the name of the program alone. Connects to nothing. */
export async function firstSteps({ env, cwd, home, uid }: Surroundings): Promise<string> {
  const settings = await loadConfig({ env, cwd, home, uid });
  const { database, dataDir } = settings;
  const isServer = database !== undefined && database !== 'embedded';
  const isThere = isServer || (await exists(join(dataDir, 'PG_VERSION')));
  if (database === undefined && !isThere)
    return page('No database is configured yet. To begin:', NOTHING_YET);
  const target = await describeTarget(
    async () => settings,
    async () => database ?? 'embedded',
  );
  return isThere
    ? page(`The database is ${target}.`, READY)
    : page(`The database is ${target}, and not made yet.`, NO_DATABASE_YET);
}

function page(title: string, lines: readonly Line[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return [
    title,
    '',
    ...lines.map(([command, about]) => `  pinnacle ${command.padEnd(width)}   ${about}`),
  ].join('\n');
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
