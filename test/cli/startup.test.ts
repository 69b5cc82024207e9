import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;

/** The packages that a real process of the program loads for a command line. */
function packagesOf(...argv: string[]): string[] {
  const log = join(folder, 'loaded');
  writeFileSync(log, '');
  try {
    execFileSync(
      process.execPath,
      ['--import', join(folder, 'watch.mjs'), join(folder, 'start.mjs'), ...argv],
      {
        env: { PATH: process.env['PATH'], HOME: folder, LOADED: log },
        stdio: 'ignore',
      },
    );
  } catch {
    // What it ends with is no concern of this test.
  }
  return [...new Set(readFileSync(log, 'utf8').trim().split('\n'))].sort();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pinnacle-startup-'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  // The program as it is built, but with its packages outside, so that their loading can be seen.
  await build({
    entryPoints: ['src/main.ts'],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    define: { __VERSION__: '"0"', __PGLITE_VERSION__: '"0"' },
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'start.mjs'), "import { main } from './main.mjs';\nawait main();\n");
  const hook = `import { appendFileSync } from 'node:fs';
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context);
      const name = /^(@[^/]+\\/)?[^/.:]+/.exec(specifier)?.[0];
      if (name && found.url.includes('/node_modules/')) appendFileSync(process.env.LOADED, name + '\\n');
      return found;
    }`;
  writeFileSync(
    join(folder, 'watch.mjs'),
    `import { register } from 'node:module';\nregister(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});\n`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAVY = ['pg', 'kysely', 'ioredis', 'inquirer', '@electric-sql/pglite', 'ora', 'csv-parse'];

describe('what is loaded', () => {
  it.each([
    [['--help']],
    [['order', '--help']],
    [['order', 'place', '--help']],
    [['doctor', '--help']],
    [['help', 'exit-codes']],
  ])('for %j is nothing that only work needs', (argv) => {
    expect(packagesOf(...argv).filter((name) => HEAVY.includes(name))).toEqual([]);
  });

  it('for a noun’s help is commander alone', () => {
    expect(packagesOf('order', '--help')).toEqual(['commander']);
  });

  it('is seen by this test where work is done', () => {
    const config = join(folder, 'nowhere.json');
    writeFileSync(config, '{ "database": "postgres://nobody@127.0.0.1:1/nothing" }');
    const loaded = packagesOf('user', 'list', '--config', config);
    expect(loaded).toEqual(expect.arrayContaining(['commander', 'kysely', 'pg', 'zod']));
    expect(loaded).not.toContain('inquirer');
  });

  it('is no HTTP client, which Node has and pg would ask for', () => {
    const probe = join(folder, 'probe.cjs');
    // The program silences the console.
    writeFileSync(
      probe,
      "process.on('exit', () => require('node:fs').writeSync(2, 'modules: ' + process.moduleLoadList))",
    );
    const { stderr } = spawnSync(process.execPath, ['-r', probe, 'bin/pinnacle.js', 'user', 'list'], {
      env: { PATH: process.env['PATH'], HOME: folder, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' },
      encoding: 'utf8',
    });
    expect(stderr).toContain('modules: ');
    expect(stderr).toContain('NativeModule net');
    expect(stderr).not.toContain('undici');
  });
});

it('reads the configuration without Intl, whose first use takes longer than all the rest of a start', () => {
  const hook = join(folder, 'intl.cjs');
  writeFileSync(
    hook,
    `const { DateTimeFormat } = Intl;
     Intl.DateTimeFormat = class extends DateTimeFormat {
       constructor(...options) { process.stderr.write('Intl is used\\n'); super(...options); }
     };`,
  );
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--require', hook, resolve('bin/pinnacle.js'), 'user', 'list'],
    { env: { HOME: folder, DATABASE_URL: 'postgres://u@127.0.0.1:1/nowhere' }, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 7, stderr: expect.not.stringContaining('Intl is used') });
});

it('reads no file that has another character than ASCII, which takes twice the time', () => {
  const programs = readdirSync('dist').filter((name) => name.endsWith('.js'));
  expect(programs).toContain('small.js');
  const isAscii = (name: string) => readFileSync(join('dist', name)).every((byte) => byte < 128);
  expect(programs.filter((name) => !isAscii(name))).toEqual([]);
});

it.each([
  ['order --help', 750_000],
  ['order list', 1_100_000],
  ['migrate status', 1_100_000],
])('of the program, %s reads at most %i bytes', (line, most) => {
  const probe = join(folder, 'bytes.cjs');
  writeFileSync(
    probe,
    `const fs = require('node:fs');
     const { readFileSync } = fs;
     let bytes = 0;
     fs.readFileSync = (path, ...options) => {
       if (/[/]dist[/].*[.]js$/.test(path)) bytes += fs.statSync(path).size;
       return readFileSync(path, ...options);
     };
     process.on('exit', () => fs.writeSync(2, '\\nbytes: ' + bytes));`,
  );
  const { stderr } = spawnSync(process.execPath, ['-r', probe, 'bin/pinnacle.js', ...line.split(' ')], {
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    },
    encoding: 'utf8',
  });
  const read = Number(/bytes: (\d+)/.exec(stderr)?.[1]);
  expect(read).toBeGreaterThan(100_000);
  expect(read).toBeLessThan(most);
});

it('loads jq where --jq is given, and not a byte of it elsewhere', () => {
  const probe = join(folder, 'opened.cjs');
  writeFileSync(
    probe,
    `const fs = require('node:fs');
     const { Worker } = require('node:worker_threads');
     const { _extensions: extensions } = require('node:module');
     const load = extensions['.js'];
     const opened = [];
     extensions['.js'] = (module, path) => { opened.push(path); load(module, path); };
     const read = fs.readFileSync;
     fs.readFileSync = (path, ...rest) => { opened.push(String(path)); return read(path, ...rest); };
     require('node:worker_threads').Worker = class extends Worker {
       constructor(path, options) { super(path, options); opened.push(path); }
     };
     process.on('exit', () => fs.writeSync(2, '\\nopened: ' + opened.join(' ')));`,
  );
  const jqFilesOf = (...argv: string[]) => {
    const { stderr } = spawnSync(process.execPath, ['-r', probe, 'bin/pinnacle.js', ...argv], {
      env: { PATH: process.env['PATH'], HOME: folder, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' },
      encoding: 'utf8',
    });
    const opened = /opened: (.*)/.exec(stderr)?.[1]?.split(' ') ?? [];
    expect(opened.length).toBeGreaterThan(1);
    return [...new Set(opened)].map((path) => path.split('/dist/')[1]).filter((name) => name?.includes('jq'));
  };
  expect(jqFilesOf('order', 'list', '--json')).toEqual([]);
  expect(jqFilesOf('order', 'list', '--jq', '.').sort()).toEqual(['jq/worker.js', 'small-jq.js']);
});
