import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, shell } from '../helpers/process.ts';

type User = { uid: number; gid: number } | Record<string, never>;

const ENGINE = 'node_modules/@electric-sql/pglite';
const MANIFEST = JSON.parse(readFileSync('package.json', 'utf8'));
const NOT_CLONED = ['.git', 'node_modules', 'dist', 'out'];
const COMMITTED = '2026-02-03T23:30:00-05:00';

let folder: string;
let clone: string;
/** What a shell finds there is Node, with npm, and nothing else. */
let onlyNode: string;
/** The folder that `npm run package` made, at a place whose name has a blank. */
let packed: string;
let commit: string;

/** Runs a line of a plain shell in a folder, with the given variables and none of this process, as a user. */
function sh(line: string, cwd: string, env: Record<string, string>, user: User = {}): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile('/bin/sh', ['-e', '-c', line], { cwd, env, ...user }, (_, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** What npm needs to work without a home, a network or a configuration of this machine. */
const offline = (cache: string) => ({
  npm_config_cache: cache,
  npm_config_userconfig: join(cache, 'npmrc'),
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
});

const git = (...argv: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv], {
    cwd: clone,
    encoding: 'utf8',
    env: { ...process.env, GIT_AUTHOR_DATE: COMMITTED, GIT_COMMITTER_DATE: COMMITTED },
  }).trim();

const sizeOf = (path: string) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(path, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinnacle-installed-'));
  chmodSync(folder, 0o755);
  onlyNode = join(folder, 'node');
  mkdirSync(onlyNode);
  symlinkSync(process.execPath, join(onlyNode, 'node'));
  const npm = execFileSync('/bin/sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  symlinkSync(realpathSync(npm), join(onlyNode, 'npm'));

  clone = join(folder, 'clone');
  for (const name of readdirSync('.').filter((one) => !NOT_CLONED.includes(one)))
    cpSync(name, join(clone, name), { recursive: true });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'clone');
  commit = git('rev-parse', 'HEAD').slice(0, 10);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inClone = (line: string) =>
  sh(line, clone, { PATH: process.env['PATH'] ?? '', ...offline(join(folder, 'npm')) });

describe('a clean clone', () => {
  it('says what it takes to be packed', async () => {
    const { code, stderr } = await inClone('npm pack');
    expect(code).not.toBe(0);
    expect(stderr).toContain('error: the packages that build pinnacle are not installed. Run: npm ci\n');
    expect(readdirSync(clone).filter((name) => name.endsWith('.tgz'))).toEqual([]);
  });

  it('is packed as a tarball, and as folders below 30 MB', async () => {
    symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
    const { code, stdout, stderr } = await inClone('node scripts/package.js');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^out\/\S+\.tgz\nout\/pinnacle_\S+\nout\/pinnacle_\S+\.tar\.gz\n$/),
      stderr: '',
    });
    packed = join(folder, 'its place');
    mkdirSync(packed);
    expect(await inClone(`tar -xzf out/*.tar.gz -C '${packed}'`)).toMatchObject({ code: 0 });
    expect(sizeOf(packed)).toBeLessThan(30e6);
    expect((await inClone(`'${packed}/usr/bin/pinnacle' --version`)).stdout).toBe(
      `pinnacle ${MANIFEST.version} (${commit}, 2026-02-04)\n`,
    );
    const doc = join(packed, 'usr/share/doc/pinnacle');
    expect(readdirSync(doc)).toEqual(
      expect.arrayContaining(['CHANGELOG.md', 'README.md', 'copyright', 'docs', 'examples', 'sbom.cdx.json']),
    );
  });

  it('is described by a list of what the bundle is made of, each with its licence', async () => {
    const doc = join(packed, 'usr/share/doc/pinnacle');
    const { components } = JSON.parse(readFileSync(join(doc, 'sbom.cdx.json'), 'utf8'));
    const byName = Object.fromEntries(components.map((one: { name: string }) => [one.name, one]));
    expect(Object.keys(byName)).toEqual(expect.arrayContaining(['pg', 'kysely', 'commander', 'pg-protocol']));
    expect(byName['esbuild']).toBeUndefined();
    expect(byName['@electric-sql/pglite']).toMatchObject({ scope: 'optional' });
    const licences = readFileSync(join(doc, 'copyright'), 'utf8');
    expect(licences).toContain(`\nkysely ${byName['kysely'].version} (MIT)\n`);
    expect(await inClone('node scripts/check-licenses.js')).toMatchObject({ code: 0 });
    const fetched = components.filter(({ scope }: { scope: string }) => scope === 'optional');
    expect(fetched.map(({ name }: { name: string }) => name)).toEqual(
      Object.keys(MANIFEST.optionalDependencies),
    );
    expect(MANIFEST.dependencies).toBeUndefined();
  });

  it('names no registry in its lock file', () => {
    expect(readFileSync('npm-shrinkwrap.json', 'utf8').match(/"resolved".*/g)).toBeNull();
  });
});

describe('without the embedded engine', () => {
  const run = (env: Record<string, string>, argv: string) =>
    shell({ ...env, PINNACLE: join(packed, 'usr/bin/pinnacle') }, `"$PINNACLE" ${argv}`);
  const sentence = () =>
    `This needs the embedded PostgreSQL, the package @electric-sql/pglite, which is not installed.\n  Install it: npm install --omit=dev --prefix '${packed}/usr/lib/pinnacle'. Without a registry: docs/install.md.\n`;

  it.each(['migrate up', 'user list'])('%s says how to install it, and makes nothing', async (argv) => {
    const data = join(folder, 'data/book');
    const env = { PINNACLE_DATABASE: 'embedded', PINNACLE_DATA_DIR: data };
    const { code, stdout, stderr } = await run(env, argv);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toContain(`error: ${sentence()}`);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
});

/** An ordinary user: where root may choose, one without an account, who must be able to run this Node; else whoever runs this. */
async function ordinaryUser(): Promise<User> {
  const stranger = { uid: 54_321, gid: 54_321 };
  const isRoot = process.getuid?.() === 0;
  const canRun = async () => (await sh(`${process.execPath} -e 0`, '/', {}, stranger)).code === 0;
  return isRoot && (await canRun()) ? stranger : {};
}

describe('the tarball, installed by an ordinary user without home on a machine with nothing but Node', () => {
  let user: User;
  let own: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    user = await ordinaryUser();
    own = join(folder, 'own');
    mkdirSync(own);
    if ('uid' in user) chownSync(own, user.uid, user.gid);
    env = {
      PATH: `${onlyNode}:${own}/prefix/bin`,
      PINNACLE_DATA_DIR: `${own}/book`,
      XDG_CACHE_HOME: `${own}/cache`,
      TMPDIR: own,
      // The README is read by somebody at a terminal.
      PINNACLE_FORCE_TTY: '1',
      ...offline(`${own}/npm`),
    };
    const pack = `npm pack --silent --ignore-scripts --pack-destination out ${resolve(ENGINE)}`;
    expect(await inClone(pack)).toMatchObject({ code: 0 });
  });

  it('has its documents, and what was fetched is the engine alone', async () => {
    // npm, unlike the program, does not start without a home.
    const line = `HOME=${own} npm install -g --prefix ${own}/prefix ${clone}/out/*.tgz`;
    expect(await sh(line, own, env, user)).toMatchObject({ code: 0, stderr: '' });
    const installed = `${own}/prefix/lib/node_modules`;
    expect(readdirSync(`${installed}/${MANIFEST.name}`).sort()).toEqual(
      ['package.json', 'README.md', ...MANIFEST.files].sort(),
    );
    expect(readdirSync(installed).sort()).toEqual(['@electric-sql', '@pinnacle-console']);
  });

  it('runs the first book of the README', async () => {
    const [, book = ''] = /<!-- run -->\n```sh\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? [];
    expect(book).toContain('pinnacle order fill');
    const { code, stdout, stderr } = await sh(
      book,
      `${own}/prefix/lib/node_modules/${MANIFEST.name}`,
      env,
      user,
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/trader_001.*RELIANCE/);
  });
});
