import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

const help = (place: string) =>
  execFileSync(process.execPath, [join(place, 'bin/pinnacle.js'), '--help'], {
    env: { PATH: process.env['PATH'], HOME: folder },
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
