// Every command with what a database or a role makes its sessions begin with: `npm run test:sessions`, or `-- --short` all at once.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findBinaries, POSTGRES_MAJORS } from '../helpers/binaries.ts';
import { writeRegion } from '../helpers/region.ts';
import { prove, say } from './run.ts';
import { type Habit, smoke } from './smoke.ts';

/** As ALTER … SET takes them. */
const SETTINGS: readonly [name: string, value: string][] = [
  ['search_path', 'trading, public'],
  ['DateStyle', "'SQL, DMY'"],
  ['DateStyle', "'Postgres'"],
  ['DateStyle', "'German'"],
  ['IntervalStyle', "'iso_8601'"],
  ['TimeZone', "'Asia/Kolkata'"],
  ['extra_float_digits', '-15'],
  ['client_encoding', "'LATIN1'"],
  ['standard_conforming_strings', 'off'],
  ['bytea_output', "'escape'"],
  ['array_nulls', 'off'],
  ['quote_all_identifiers', 'on'],
  ['row_security', 'off'],
  ['default_transaction_isolation', "'serializable'"],
  ['default_transaction_read_only', 'on'],
  ['lc_messages', "'de_DE.UTF-8'"],
];

const { values } = parseArgs({ options: { short: { type: 'boolean' } } });

await prove(async ({ folder, startPlace, attempt, inLanes, failed }) => {
  const settings = makeGerman(folder) ? SETTINGS : SETTINGS.filter(([name]) => name !== 'lc_messages');
  const groups = values.short ? [settings] : settings.map((one) => [one]);
  const habits = groups.flatMap((group) =>
    (['database', 'role'] as const).map((level): Habit => ({ level, settings: Object.fromEntries(group) })),
  );
  const bin = findBinaries() ?? findBinaries(POSTGRES_MAJORS.at(-1));
  await inLanes(habits, async (habit) => {
    const place = await startPlace(bin, undefined);
    const names = Object.entries(habit.settings).map(([name, value]) => `${name} = ${value}`);
    await attempt(`${habit.level}, ${names.join(', ')}`, () => smoke({ ...place, habit }));
    await place.stop();
  });
  const list = settings.map(([name, value]) => `- \`${name} = ${value}\``).join('\n');
  if (failed() === 0 && !values.short) writeRegion('docs/support.md', 'sessions', list);
});

/** Makes a locale that few machines have, for the messages of servers; false where that cannot be done. */
function makeGerman(folder: string): boolean {
  const locales = join(folder, 'locales');
  mkdirSync(locales);
  try {
    execFileSync('localedef', ['-i', 'de_DE', '-f', 'UTF-8', join(locales, 'de_DE.UTF-8')], {
      stdio: 'pipe',
    });
  } catch {
    say('lc_messages is left out: localedef of this machine cannot make de_DE.UTF-8');
    return false;
  }
  process.env['LOCPATH'] = locales;
  return true;
}
