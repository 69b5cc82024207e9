import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

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
  legalComments: 'none',
  define: { __VERSION__: JSON.stringify(version), __PGLITE_VERSION__: JSON.stringify(engine.version) },
  // The engine carries its own WebAssembly beside its code; pg-native and Cloudflare sockets are never used here.
  external: ['@electric-sql/pglite', 'pg-native', 'pg-cloudflare'],
  logLevel: 'warning',
});

// Chunks can only be split as ES modules, but Node starts a program of CommonJS files in a fifth less time.
for (const name of await readdir('dist')) {
  const { code } = await transform(await readFile(`dist/${name}`, 'utf8'), {
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    minifyWhitespace: true,
    define: { 'import.meta.url': '__moduleUrl' },
    // import() of a CommonJS file would start the ES module loader after all.
    supported: { 'dynamic-import': false },
  });
  const url = code.includes('__moduleUrl')
    ? "const __moduleUrl=require('node:url').pathToFileURL(__filename).href;"
    : '';
  await writeFile(`dist/${name}`, `"use strict";${url}${code}`);
}
const hash = createHash('sha256');
for (const name of (await readdir('dist')).sort())
  hash.update(`${name}\n`).update(await readFile(`dist/${name}`));
const id = hash.digest('hex').slice(0, 16);
await writeFile('dist/package.json', `{ "type": "commonjs", "build": "${id}" }\n`);
