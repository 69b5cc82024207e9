import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { servers } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Another installation of the built program. */
function install(name: string): string {
  const place = join(folder, name);
  for (const part of ['bin', 'dist', 'migrations'])
    cpSync(resolve(part), join(place, part), { recursive: true });
  symlinkSync(resolve('node_modules'), join(place, 'node_modules'));
  return place;
}

const help = (place: string, home = folder) =>
  execFileSync(process.execPath, [join(place, 'bin/pinnacle.js'), '--help'], {
    env: { PATH: process.env['PATH'], HOME: home },
    encoding: 'utf8',
  });

it('never runs the code of one build in another, though a chunk has the same name and length', () => {
  const before = install('before');
  expect(help(before)).toContain('Users and their accounts');
  // The second start is the one that runs from the cache.
  expect(help(before)).toContain('Users and their accounts');

  const after = install('after');
  const chunk = readdirSync(join(after, 'dist'))
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(after, 'dist', name))
    .find((path) => readFileSync(path, 'utf8').includes('Users and their accounts'));
  const text = readFileSync(String(chunk), 'utf8');
  writeFileSync(String(chunk), text.replace('Users and their accounts', 'USERS AND THEIR ACCOUNTS'));
  writeFileSync(join(after, 'dist/package.json'), '{ "type": "commonjs", "build": "after" }');
  expect(help(after)).toContain('USERS AND THEIR ACCOUNTS');
});

it('is not written through a link, and what a killed process left in it is removed', () => {
  const [home, elsewhere] = [join(folder, 'home'), join(folder, 'elsewhere')];
  mkdirSync(join(home, '.cache'), { recursive: true });
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(home, '.cache/pinnacle'));
  help(resolve('.'), home);
  expect(readdirSync(elsewhere)).toEqual([]);
  if (process.version.startsWith('v20.')) {
    rmSync(join(home, '.cache/pinnacle'));
    help(resolve('.'), home);
    const [name = ''] = readdirSync(join(home, '.cache/pinnacle'));
    const cache = join(home, '.cache/pinnacle', name);
    const [stored = ''] = readdirSync(cache);
    writeFileSync(join(cache, `${stored}.99999`), 'half');
    utimesSync(join(cache, `${stored}.99999`), 0, 0);
    rmSync(join(cache, stored));
    help(resolve('.'), home);
    expect(readdirSync(cache).filter((each) => /\.\d+$/.test(each))).toEqual([]);
    expect(readdirSync(cache)).toContain(stored);
  }
});

const COMMANDS = [
  '--help',
  'order --help',
  'migrate status',
  'order list --json',
  'order list --columns nonsense',
  'order show nothing',
  'order place --user u --symbol TCS --side BUY --quantity 1',
  'user list',
  'position list',
  'risk check',
  'doctor --check phase',
  'order list --user nobody',
];
const ORDERS = Number(process.env['PINNACLE_CACHE_ORDERS'] ?? 1);

describe.runIf(process.version.startsWith('v20.')).each(servers)(
  'the code cache on $name',
  ({ openCold }) => {
    /** The functions of dist/ that a process compiled, each as file and position; without whole files, which V8 drops once they ran. */
    function compiled(home: string, env: Record<string, string>, line: string): string[] {
      const log = join(home, 'v8.log');
      spawnSync(
        process.execPath,
        [
          '--log-function-events',
          `--logfile=${log}`,
          '--no-logfile-per-isolate',
          'bin/pinnacle.js',
          ...words(line),
        ],
        { env: { ...env, PATH: process.env['PATH'], HOME: home, XDG_CACHE_HOME: home }, stdio: 'ignore' },
      );
      const events = readFileSync(log, 'utf8')
        .split('\n')
        .map((event) => event.split(','));
      const files = new Map(
        events.flatMap(([kind, id, name]) => (kind === 'script-details' ? [[id, name]] : [])),
      );
      return events
        .filter(([kind, what, , start]) => kind === 'function' && what === 'interpreter' && start !== '0')
        .map(([, , id, start]) => `${files.get(id)}:${start}`)
        .filter((where) => where.includes('/dist/'));
    }

    it(`gets better with use: whatever ran before, a command soon compiles nothing any more, in ${ORDERS} orders`, async () => {
      const db = await openCold();
      try {
        await given.user(db, 'u');
        expect(compiled(mkdtempSync(join(folder, 'home-')), db.env, 'order list').length).toBeGreaterThan(
          100,
        );
        for (const seed of Array.from({ length: ORDERS }, (_, i) => i)) {
          const home = mkdtempSync(join(folder, 'home-'));
          for (const line of fc.sample(fc.shuffledSubarray(COMMANDS, { minLength: COMMANDS.length }), {
            seed,
            numRuns: 1,
          })[0] ?? [])
            compiled(home, db.env, line);
          // On a busy machine V8 drops functions before they are saved: then a few runs more are needed.
          const counts: number[] = [];
          while (counts.at(-1) !== 0 && counts.length < 12)
            counts.push(compiled(home, db.env, 'order list').length);
          expect({ seed, counts, last: counts.at(-1) }).toEqual({ seed, counts, last: 0 });
        }
      } finally {
        await db.close();
      }
    }, 3_600_000);

    it('is not written for ever, nor where it cannot be', async () => {
      const home = mkdtempSync(join(folder, 'home-'));
      for (let i = 0; i < 12; i++) help(resolve('.'), home);
      const [name = ''] = readdirSync(join(home, '.cache/pinnacle'));
      const looks = readFileSync(join(home, '.cache/pinnacle', name, 'looks'), 'utf8');
      const lines = looks.trim().split('\n');
      expect(lines.length).toBeLessThanOrEqual(10);
      expect([...new Set(lines)].sort()).toEqual(['none --help pipe 0', 'settled none --help pipe 0']);
      writeFileSync(join(home, 'file'), '');
      expect(help(resolve('.'), join(home, 'file'))).toContain('Users and their accounts');
    });

    it('keeps what V8 compiled under other flags apart', () => {
      const home = mkdtempSync(join(folder, 'home-'));
      const probe = join(home, 'probe.cjs');
      writeFileSync(
        probe,
        `const vm = require('node:vm');
         const { Script } = vm;
         vm.Script = class extends Script {
           constructor(...given) {
             super(...given);
             if (this.cachedDataRejected !== false) process._rawDebug('not from the cache');
           }
         };`,
      );
      const start = (...flags: string[]) =>
        spawnSync(process.execPath, [...flags, '-r', probe, 'bin/pinnacle.js', '--help'], {
          env: { PATH: process.env['PATH'], HOME: home },
          encoding: 'utf8',
        }).stderr;
      for (let i = 0; i < 6; i++) start();
      expect(start()).toBe('');
      for (let i = 0; i < 6; i++) start('--stack-size=900');
      expect(start('--stack-size=900')).toBe('');
      expect(start()).toBe('');
      expect(start('--stack-size=900')).toBe('');
    });

    it.each<[string, (stored: Buffer) => Buffer]>([
      ['lost a page', (stored) => Buffer.from(stored).fill(0, 4_096, 8_192)],
      ['lost its end', (stored) => stored.subarray(0, stored.length / 2)],
      ['is empty', () => Buffer.alloc(0)],
      [
        'has other bits',
        (stored) => stored.map((byte, i) => (i % 1_000 === 999 ? byte ^ 4 : byte)) as Buffer,
      ],
    ])('begins anew where a file %s, which V8 would run or crash at', (_, damaged) => {
      const home = mkdtempSync(join(folder, 'home-'));
      for (let i = 0; i < 6; i++) help(resolve('.'), home);
      const [name = ''] = readdirSync(join(home, '.cache/pinnacle'));
      const cache = join(home, '.cache/pinnacle', name);
      const files = readdirSync(cache).filter((each) => each !== 'looks');
      const sizes = () => files.map((each) => readFileSync(join(cache, each)).length);
      expect(files).toContain('main.js');
      const before = sizes();
      for (const each of files) writeFileSync(join(cache, each), damaged(readFileSync(join(cache, each))));
      expect(help(resolve('.'), home)).toContain('Users and their accounts');
      expect(sizes().map((size, i) => size / (before[i] ?? 0) > 0.8)).toEqual(files.map(() => true));
      expect(readFileSync(join(cache, 'looks'), 'utf8')).toBe('none --help pipe 0\n');
    });

    it('lets go of builds that nobody has run for a week', () => {
      const home = mkdtempSync(join(folder, 'home-'));
      const cache = join(home, '.cache/pinnacle');
      const builds = ['compiled-v20.0.0-x64-old', 'compiled-v20.0.0-x64-recent'].map((name) =>
        join(cache, name),
      );
      for (const build of builds) mkdirSync(build, { recursive: true, mode: 0o700 });
      utimesSync(String(builds[0]), 0, 0);
      help(resolve('.'), home);
      expect(readdirSync(cache)).toHaveLength(2);
      expect(readdirSync(cache)).toContain('compiled-v20.0.0-x64-recent');
    });
  },
);
