import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const version = (path: string) => JSON.stringify(JSON.parse(readFileSync(path, 'utf8')).version);

const report = process.env['PINNACLE_TEST_REPORT'];

export default defineConfig({
  define: {
    __VERSION__: version('package.json'),
    __PGLITE_VERSION__: version('node_modules/@electric-sql/pglite/package.json'),
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/global.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Tests wait for servers and processes of their own more than they compute: of two cores one alone would idle.
    maxWorkers: '100%',
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
