import { readFileSync } from 'node:fs';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { KINDS, suitesOf, UNIT } from './test/lanes.ts';

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
    testTimeout: 180_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Suites share the workers: starting one per file takes longer than many a suite, and the program keeps no state.
    isolate: false,
    expect: { poll: { timeout: 60_000 } },
  },
});

/** The lanes: `unit`, and one named after each kind of database; all kinds with `--mode all`, else the fastest alone. */
export default defineConfig(({ mode }) => ({
  test: {
    // Tests wait for servers and processes of their own more than they compute: of two cores one alone would idle.
    maxWorkers: '100%',
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      lane({ name: 'unit', include: UNIT, globalSetup: [RUN] }),
      ...KINDS.slice(0, mode === 'all' ? undefined : 1).map((kind) =>
        lane({
          name: kind,
          include: suitesOf(kind),
          provide: { kind },
          globalSetup: [RUN, ...(kind === 'server' ? ['test/helpers/server.ts'] : [])],
        }),
      ),
    ],
  },
}));
