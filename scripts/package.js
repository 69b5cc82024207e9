// Builds and packs: the tarball for `npm install -g`, and the program in the folders of a Debian system, as a folder and a tar.gz, for
// hosts without a registry. `--with-engine` adds the embedded engine to those folders.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCommit } from './commit.js';

const OUT = 'out';
const ENGINE = 'node_modules/@electric-sql/pglite';
/** What only a reader needs: its place on a Debian system. */
const DOCS = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'examples'];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const run = (program, ...argv) => execFileSync(program, argv, { stdio: ['ignore', 'ignore', 'inherit'] });

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
run('npm', 'pack', '--silent', '--pack-destination', OUT);
const [tarball] = readdirSync(OUT);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const root = join(OUT, `pinnacle_${version}`);
const [bin, lib, doc, man] = ['usr/bin', 'usr/lib/pinnacle', 'usr/share/doc/pinnacle', 'usr/share/man'].map(
  (path) => join(root, path),
);
for (const folder of [bin, lib, doc, man]) mkdirSync(folder, { recursive: true });
run('tar', '-xzf', join(OUT, tarball), '-C', lib, '--strip-components=1');
for (const name of DOCS) renameSync(join(lib, name), join(doc, name));
renameSync(join(lib, 'dist/THIRD-PARTY.txt'), join(doc, 'copyright'));
renameSync(join(lib, 'dist/sbom.cdx.json'), join(doc, 'sbom.cdx.json'));
renameSync(join(lib, 'dist/man/man1'), join(man, 'man1'));
rmSync(join(lib, 'dist/man'), { recursive: true });
symlinkSync('../lib/pinnacle/bin/pinnacle.js', join(bin, 'pinnacle'));
if (process.argv.includes('--with-engine')) cpSync(ENGINE, join(lib, ENGINE), { recursive: true });

// The same bytes for the same commit, whoever packs it.
const sameForAll = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX,go-w'];
const { time = '1970-01-01' } = readCommit();
run('tar', ...sameForAll, `--mtime=${time}`, '-czf', `${root}.tar.gz`, '-C', root, 'usr');
process.stdout.write(
  `${[tarball, `pinnacle_${version}`, `pinnacle_${version}.tar.gz`].map((name) => join(OUT, name)).join('\n')}\n`,
);
