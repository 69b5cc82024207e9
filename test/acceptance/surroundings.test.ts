import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { type Ended, shell, start } from '../helpers/process.ts';

const STRANGER = { uid: 54_321, gid: 54_321 };
const NOWHERE = '/dev/null/nowhere';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinnacle-surroundings-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program with these variables alone, as a user that has no account. */
function withoutAccount(env: Record<string, string>, ...argv: string[]): Promise<Ended> {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  const child = spawn(process.execPath, [resolve('bin/pinnacle.js'), ...argv], {
    ...STRANGER,
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  return new Promise((done) =>
    child.on('close', (code) =>
      done({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    ),
  );
}

describe('the program', () => {
  it.each(['user list', '--version'])('says that it is not built: %s', async (argv) => {
    mkdirSync(join(folder, 'clone'), { recursive: true });
    cpSync('bin', join(folder, 'clone/bin'), { recursive: true });
    cpSync('package.json', join(folder, 'clone/package.json'));
    const { code, stdout, stderr } = await shell(
      {},
      `${process.execPath} ${folder}/clone/bin/pinnacle.js ${argv}`,
    );
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toBe(
      `error: pinnacle is not built. Run in ${folder}/clone: npm install && npm run build\n`,
    );
  });

  it('says that it cannot start where its build is damaged, without a stack', async () => {
    const broken = join(folder, 'broken');
    mkdirSync(join(broken, 'dist'), { recursive: true });
    for (const part of ['bin', 'package.json']) cpSync(part, join(broken, part), { recursive: true });
    cpSync('dist/main.js', join(broken, 'dist/main.js'));
    const { code, stderr } = await shell({}, `${process.execPath} ${broken}/bin/pinnacle.js user list`);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^error: pinnacle cannot start \(MODULE_NOT_FOUND\)\. .*\n$/),
    });
  });

  it('says that its working directory was deleted; help needs none', async () => {
    const line = (argv: string) =>
      `mkdir -p ${folder}/gone && cd ${folder}/gone && rmdir ${folder}/gone && $PINNACLE ${argv}`;
    const { code, stdout, stderr } = await shell({ PINNACLE_DATABASE: 'embedded' }, line('user list'));
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(/^error: The working directory does not exist any more\.\n {2}Change to .*\n$/);
    expect((await shell({}, line('user list --help'))).code).toBe(0);
  });

  it.each([
    ['HOME', { HOME: NOWHERE }, 'PINNACLE_DATA_DIR', `${NOWHERE}/.local/share/pinnacle`],
    ['PINNACLE_DATA_DIR', { PINNACLE_DATA_DIR: `${NOWHERE}/db` }, 'PINNACLE_DATA_DIR', NOWHERE],
  ])(
    'names the folder where the embedded database cannot be made below %s',
    async (_what, env, setting, path) => {
      const { code, stdout, stderr } = await start({ PINNACLE_DATABASE: 'embedded', ...env }, 'migrate', 'up')
        .ended;
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
      expect(stderr).toContain(`The folder ${path} cannot be created or written`);
      expect(stderr).toContain(setting);
    },
  );
});

describe.each(databases)('a folder that cannot be used, on $name', ({ openCold: open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  it('ends drift with its name, and doctor has every other check', async () => {
    const env = { ...db.env, XDG_CACHE_HOME: NOWHERE };
    const drift = await start(env, 'migrate', 'drift').ended;
    expect({ code: drift.code, stdout: drift.stdout }).toEqual({ code: 78, stdout: '' });
    expect(drift.stderr).toContain(`The folder ${NOWHERE}/pinnacle cannot be created or written (ENOTDIR)`);
    expect(drift.stderr).toContain('XDG_CACHE_HOME');
    const doctor = await start(env, 'doctor', '--json', 'check,state,detail').ended;
    const checks = JSON.parse(doctor.stdout) as { check: string; state: string; detail: string }[];
    expect(checks.map(({ check }) => check)).toEqual(expect.arrayContaining(['connection', 'drift', 'disk']));
    expect(checks.find(({ check }) => check === 'drift')).toMatchObject({
      state: 'warn',
      detail: expect.stringContaining(`${NOWHERE}/pinnacle`),
    });
  });
});

/** Only root can start a process as another user, who must be able to read the program. */
const canBeStranger =
  process.getuid?.() === 0 && spawnSync('test', ['-r', resolve('bin/pinnacle.js')], STRANGER).status === 0;

describe.runIf(canBeStranger)('a user without an account and without HOME', () => {
  const env = { PATH: process.env['PATH'] ?? '' };

  it('can read help, and is told which folder is missing', async () => {
    expect(await withoutAccount(env, 'user', '--help')).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await withoutAccount({ ...env, PINNACLE_DATABASE: 'embedded' }, 'user', 'list');
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('PINNACLE_DATA_DIR') });
  });

  it('needs no home for a server', async () => {
    const { code, stderr } = await withoutAccount(
      { ...env, DATABASE_URL: 'postgres://u@127.0.0.1:1/book' },
      'user',
      'list',
    );
    expect({ code, stderr }).toEqual({
      code: 7,
      stderr: expect.stringContaining('u@127.0.0.1:1/book cannot be reached'),
    });
  });
});
