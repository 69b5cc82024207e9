import { execFileSync } from 'node:child_process';
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
import { afterAll, expect, it } from 'vitest';

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
