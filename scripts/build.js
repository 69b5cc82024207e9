import { readFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));
const engine = JSON.parse(await readFile('node_modules/@electric-sql/pglite/package.json', 'utf8'));

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  define: { __VERSION__: JSON.stringify(version), __PGLITE_VERSION__: JSON.stringify(engine.version) },
  // The engine carries its own WebAssembly beside its code; pg-native and Cloudflare sockets are never used here.
  external: ['@electric-sql/pglite', 'pg-native', 'pg-cloudflare'],
  // CommonJS libraries call require() for Node's own modules, which an ES module has to make for itself.
  banner: { js: "import{createRequire as __make}from'node:module';const require=__make(import.meta.url);" },
  logLevel: 'warning',
});
