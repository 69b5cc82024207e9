// Bundles src/ into dist/, with what is in it: the list of its packages, their licences, and the commit it was made from.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { licenceTexts, packagesIn, sbom } from './bill-of-materials.js';
import { readCommit } from './commit.js';
import { manPages } from './docs/man-pages.js';
import { groupsOf } from './group-chunks.js';
import { joined, mapped, replaced, sourceMap } from './source-map.js';

const { build, transform } = await import('esbuild').catch(() => {
  process.stderr.write('error: the packages that build pinnacle are not installed. Run: npm ci\n');
  process.exit(1);
});
const manifest = JSON.parse(await readFile('package.json', 'utf8'));
const { version, optionalDependencies } = manifest;

const PG_CRYPTO = { filter: /[/]pg[/]lib[/]crypto[/]utils\.js$/ };

/** pg looks up the Web Crypto API when it is loaded; most logins through a socket never need it. */
async function withLazyCrypto({ path }) {
  const text = await readFile(path, 'utf8');
  const [webCrypto, subtle] = [
    'const webCrypto = nodeCrypto.webcrypto || globalThis.crypto\n',
    'const subtleCrypto = webCrypto.subtle\n',
  ];
  if (!text.includes(webCrypto) || !text.includes(subtle)) throw new Error(`${path} is not as it was`);
  const contents = text
    .replace(webCrypto, '')
    .replace(subtle, '')
    .replace(/\bwebCrypto\./g, 'nodeCrypto.webcrypto.')
    .replace(/\bsubtleCrypto\./g, 'nodeCrypto.webcrypto.subtle.');
  return { contents, loader: 'js' };
}

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  sourcemap: 'external',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  define: {
    __VERSION__: JSON.stringify(version),
    __PGLITE_VERSION__: JSON.stringify(optionalDependencies['@electric-sql/pglite']),
  },
  // The engine carries its own WebAssembly beside its code; pg-native and Cloudflare sockets are never used here.
  external: ['@electric-sql/pglite', 'pg-native', 'pg-cloudflare'],
  plugins: [{ name: 'lazy crypto', setup: ({ onLoad }) => onLoad(PG_CRYPTO, withLazyCrypto) }],
  logLevel: 'warning',
});

// Chunks can only be split as ES modules, but Node starts a program of CommonJS files in a fifth less time.
const files = new Map();
/** The path of a source of ours; undefined for a package. */
const ownPath = (source) => (source.includes('node_modules/') ? undefined : /src\/.*$/.exec(source)?.[0]);
const chunks = (await readdir('dist')).filter((name) => name.endsWith('.js'));
for (const name of chunks) {
  const bundled = await readFile(`dist/${name}`, 'utf8');
  const itsMap = await readFile(`dist/${name}.map`, 'base64');
  const within = `${bundled}\n//# sourceMappingURL=data:application/json;base64,${itsMap}`;
  const { code, map } = await transform(within, {
    sourcemap: 'external',
    sourcesContent: false,
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
  files.set(name, joined([url, mapped(code, JSON.parse(map), ownPath)]));
}

// Every file costs a start a quarter of a millisecond, and every megabyte two: small chunks become functions of few files,
// run when first asked for.
const SMALL = 16_000;
const small = [...files].filter(([name, code]) => name !== 'main.js' && code.text.length < SMALL);
for (const [name] of small) files.delete(name);
const groups = groupsOf(metafile.outputs);
const groupOf = new Map(small.map(([name]) => [name, groups.get(name)]));
// Parts of Node that commander, pg and files of ours load at the start and few runs need: loaded when first used.
// Packages of CommonJS load them by a function of the bundler's.
const LAZY =
  /(?:\brequire|\(0,[\w$]+\.[\w$]+\))\("((?:node:)?(?:child_process|crypto|dns|fs\/promises|stream\/promises))"\)/g;
const lazily =
  'const lazily=(id)=>{let part;return new Proxy({},{get(_,name){part??=require(id);return name==="default"?part:part[name]}})};';
const rewired = (code) =>
  [
    [LAZY, (_all, name) => `lazily("${name}")`],
    [/__toESM\((lazily\("[^"]+"\))\)/g, (_all, lazy) => lazy],
    // Our own files are no packages that may lack names: what they export is there to be read.
    [/__toESM\((require\("\.\/[^"]+"\))\)/g, (_all, own) => own],
    [
      /require\("\.\/([^"]+)"\)/g,
      (all, name) => (groupOf.has(name) ? `require("./${groupOf.get(name)}.js")("${name}")` : all),
    ],
  ].reduce((rest, edit) => replaced(rest, ...edit), code);
for (const [name, code] of files) {
  const edited = rewired(code);
  files.set(name, joined([edited.text.includes('lazily(') ? lazily : '', edited]));
}

// What esbuild puts before every module: once is enough for all that share a file.
const { code: sample } = await transform('import a from "a"; export * from "b"; export { a };', {
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  minifyWhitespace: true,
});
const helpers = sample.match(/var __\w+=.*?;(?=var |module\.)/g);
const nothing = () => '';
const alone = (code) =>
  [
    ...helpers.map((helper) => [helper, nothing]),
    [
      /var stdin_exports=\{\};__export\(stdin_exports,(\{[^{}]*\})\);module\.exports=__toCommonJS\(stdin_exports\);/,
      (_all, exported) => `__export(module.exports,${exported});`,
    ],
    [/0&&\(module\.exports=\{[^{}]*\}\);\s*$/, nothing],
  ].reduce((rest, edit) => replaced(rest, ...edit), rewired(code));
for (const group of new Set(groupOf.values())) {
  const table = small
    .filter(([name]) => groupOf.get(name) === group)
    .flatMap(([name, code]) => [`"${name}":function(module,exports,require){`, alone(code), '\n},\n']);
  files.set(
    `${group}.js`,
    joined([
      `${lazily}${helpers.join('')}const run={`,
      ...table,
      `};const made={};
const find=(id)=>id==="./${group}.js"?module.exports:require(id);
module.exports=(name)=>{
if(!made[name]){made[name]={exports:{}};run[name](made[name],made[name].exports,find)}
return made[name].exports};`,
    ]),
  );
}

// One other character in a file, which the bundler leaves in regular expressions, makes Node read all of it in twice the time.
const inAscii = (code) =>
  replaced(code, /[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

await rm('dist', { recursive: true });
await mkdir('dist/maps', { recursive: true });
await mkdir('dist/jq');
const { buildJq } = await import('./build-jq.js');
const jq = await buildJq('dist/jq');
const hash = createHash('sha256');
for (const [name, code] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const made = joined(['"use strict";', inAscii(code)]);
  hash.update(`${name}\n`).update(made.text);
  await writeFile(`dist/${name}`, made.text);
  // Read by --debug alone, so that a stack says where in src/ it was.
  if (made.places.some(({ path }) => path))
    await writeFile(`dist/maps/${name}.map`, JSON.stringify(sourceMap(made)));
}
const id = hash.digest('hex').slice(0, 16);
const commit = readCommit();
const packages = await packagesIn([metafile, jq], Object.keys(optionalDependencies));
await writeFile('dist/THIRD-PARTY.txt', await licenceTexts(packages));
await writeFile('dist/sbom.cdx.json', `${JSON.stringify(sbom(manifest, commit, packages), null, 2)}\n`);
await writeFile(
  'dist/package.json',
  `${JSON.stringify({
    type: 'commonjs',
    build: id,
    version: `${version} (${commit.text})`,
    commit: commit.text,
    driver: `pg ${packages.find(({ name }) => name === 'pg').version}`,
  })}\n`,
);

const help = execFileSync(process.execPath, ['bin/pinnacle.js', 'help', '--json'], { encoding: 'utf8' });
await mkdir('dist/man/man1', { recursive: true });
for (const [name, text] of manPages(JSON.parse(help), {
  version,
  date: (commit.time ?? '1970-01-01').slice(0, 10),
}))
  await writeFile(`dist/man/man1/${name}`, text);
