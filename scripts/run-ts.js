// Bundles a TypeScript file and runs it: `node scripts/run-ts.js bench/ledger.ts`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const [entry, ...argv] = process.argv.slice(2);
const version = (path) => JSON.stringify(JSON.parse(readFileSync(path, 'utf8')).version);
// Within the folder, so that packages left outside the bundle are found.
const folder = mkdtempSync(join('node_modules', '.run-ts-'));
try {
  const outfile = join(folder, 'program.mjs');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    define: {
      __VERSION__: version('package.json'),
      __PGLITE_VERSION__: version('node_modules/@electric-sql/pglite/package.json'),
    },
    logLevel: 'warning',
  });
  process.exitCode = spawnSync(process.execPath, [outfile, ...argv], { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
