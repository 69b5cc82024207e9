import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { chosenMajors } from './test/helpers/binaries.ts';
import { isShort, KINDS, type Kind, suitesOf, UNIT } from './test/lanes.ts';

const { version, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

const RUN = 'test/helpers/run-folder.ts';
const report = process.env['PINNACLE_TEST_REPORT'];

const lane = (test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration => ({
  define: {
    __VERSION__: JSON.stringify(version),
    __PGLITE_VERSION__: JSON.stringify(optionalDependencies['@electric-sql/pglite']),
  },
  test: {
    ...test,
    // The long forms of `npm run hostile` take their time.
    testTimeout: process.env['PINNACLE_HOSTILE'] ? 3_600_000 : 180_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Suites share the workers: starting one per file takes longer than many a suite, and the program keeps no state.
    isolate: false,
    expect: { poll: { timeout: 60_000 } },
  },
});

const laneOf = (kind: Kind, name: string, env: Record<string, string> = {}) =>
  lane({
    name,
    env,
    include: suitesOf(kind),
    provide: { kind },
    globalSetup: [RUN, ...(kind === 'server' ? ['test/helpers/server.ts'] : [])],
  });

/** The lane of a kind of database, or one per version of PostgreSQL that PINNACLE_TEST_POSTGRES names. */
const lanesOf = (kind: Kind) => {
  const majors = kind === 'server' ? chosenMajors() : [];
  if (majors.length === 0) return [laneOf(kind, kind)];
  return majors.map((major) => laneOf(kind, `${kind} ${major}`, { PINNACLE_TEST_POSTGRES: major }));
};

/** The lanes: `unit`, and those of each kind of database; without `--mode all` or a short form of the slower one, the fastest alone. */
export default defineConfig(({ mode }) => ({
  test: {
    // Tests wait for servers and processes of their own as much as they compute: one worker more than cores.
    maxWorkers: availableParallelism() + 1,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      lane({ name: 'unit', include: UNIT, globalSetup: [RUN] }),
      ...KINDS.slice(0, mode === 'all' || isShort ? undefined : 1).flatMap(lanesOf),
    ],
  },
}));
