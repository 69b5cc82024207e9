// Bundles a TypeScript file and runs it: `node scripts/run-ts.js bench/ledger.ts`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const [entry, ...argv] = process.argv.slice(2);
const { version, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
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
      __VERSION__: JSON.stringify(version),
      __PGLITE_VERSION__: JSON.stringify(optionalDependencies['@electric-sql/pglite']),
    },
    logLevel: 'warning',
  });
  process.exitCode = spawnSync(process.execPath, [outfile, ...argv], { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
