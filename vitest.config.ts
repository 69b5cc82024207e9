import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { KINDS, suitesOf, UNIT } from './test/lanes.ts';

const version = (path: string) => JSON.stringify(JSON.parse(readFileSync(path, 'utf8')).version);

const report = process.env['PINNACLE_TEST_REPORT'];

/** The lanes: `unit`, and one named after each kind of database; all kinds with `--mode all`, else the fastest alone. */
export default defineConfig(({ mode }) => ({
  define: {
    __VERSION__: version('package.json'),
    __PGLITE_VERSION__: version('node_modules/@electric-sql/pglite/package.json'),
  },
  test: {
    globalSetup: ['test/helpers/global.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Tests wait for servers and processes of their own more than they compute: of two cores one alone would idle.
    maxWorkers: '100%',
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT } },
      ...KINDS.slice(0, mode === 'all' ? undefined : 1).map((kind) => ({
        extends: true as const,
        test: {
          name: kind,
          include: suitesOf(kind),
          provide: { kind },
          globalSetup: kind === 'server' ? ['test/helpers/server.ts'] : [],
        },
      })),
    ],
  },
}));
