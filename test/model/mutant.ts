import { readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { runWith } from '../helpers/cli.ts';
import type { Program } from './check.ts';

/** A deliberate mistake: in which file, and what stands there instead of what. */
export interface Mutation {
  file: string;
  right: string;
  wrong: string;
}

/** The program built with a mistake in it. Throws where the mistake no longer fits the source. */
export async function mutant({ file, right, wrong }: Mutation): Promise<Program> {
  const source = await readFile(file, 'utf8');
  const { version, optionalDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  if (source.split(right).length !== 2) throw new Error(`${file} does not say this once: ${right}`);
  // Beside the packages that are left outside the bundle, and as deep as src/, from which scripts are found.
  const outfile = resolve('test', `.mutant-${process.pid}-${Math.random().toString(36).slice(2)}.mjs`);
  await build({
    entryPoints: ['src/program.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    define: {
      __VERSION__: JSON.stringify(version),
      __PGLITE_VERSION__: JSON.stringify(optionalDependencies['@electric-sql/pglite']),
    },
    plugins: [
      {
        name: 'mistake',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === resolve(file) ? { contents: source.replace(right, wrong), loader: 'ts' } : undefined,
          ),
      },
    ],
    logLevel: 'warning',
  });
  try {
    const { run } = await import(/* @vite-ignore */ pathToFileURL(outfile).href);
    return (argv, options) => runWith(run, argv, options);
  } finally {
    await rm(outfile, { force: true });
  }
}
