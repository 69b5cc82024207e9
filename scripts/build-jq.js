// Bundles the thread that runs jq, and puts jq itself beside it.
import { copyFile, readFile } from 'node:fs/promises';
import { build } from 'esbuild';

const PACKAGE = 'node_modules/jq-wasm/dist';

// The package runs jq on a text at once and returns all of its output; here it reads and writes as it goes, which takes what is inside.
const EDITS = [
  ['function createHandle(instance) {', 'function createHandle(instance) { return instance;'],
  ['rawSync(jsonString,', 'get FS() { return FS; }, rawSync(jsonString,'],
  [/var env = \{\s*"?USER"?: [^}]*\};/, 'var env = {};'],
  // Words of a message, which publint takes for an import.
  ['import "jq-wasm/inline"', 'use "jq-wasm/inline"'],
];

async function opened({ path }) {
  let contents = await readFile(path, 'utf8');
  for (const [from, to] of EDITS) {
    if (contents.split(from).length !== 2) throw new Error(`${path} is not as it was`);
    contents = contents.replace(from, to);
  }
  return { contents, loader: 'js' };
}

/** Fills a folder; returns the metafile of esbuild. */
export async function buildJq(folder) {
  await copyFile(`${PACKAGE}/build/jq.wasm`, `${folder}/jq.wasm`);
  const { metafile } = await build({
    entryPoints: ['src/runtime/jq/worker.ts'],
    outdir: folder,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    minify: true,
    legalComments: 'none',
    metafile: true,
    alias: { 'jq-wasm': `./${PACKAGE}/index.cjs` },
    plugins: [
      { name: 'open jq', setup: ({ onLoad }) => onLoad({ filter: /jq-wasm[/]dist[/]index\.cjs$/ }, opened) },
    ],
    logLevel: 'warning',
  });
  return metafile;
}
