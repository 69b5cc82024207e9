// Installs the packages and builds, each only where it is missing or out of date.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = (folder) =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => changed(`${entry.parentPath ?? entry.path}/${entry.name}`)),
  );

if (changed('node_modules/.package-lock.json') < changed('npm-shrinkwrap.json')) {
  process.stderr.write('Installing packages …\n');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
if (changed('dist/main.js') < Math.max(newest('src'), newest('scripts'), changed('package.json'))) {
  execFileSync(process.execPath, ['scripts/build.js'], { stdio: 'inherit' });
}
