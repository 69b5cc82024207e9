import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { start } from '../../helpers/process.ts';

describe('the embedded database', () => {
  let folder: string;
  let dir: string;
  const env = (more: Record<string, string> = {}) => ({
    PINNACLE_DATABASE: 'embedded',
    PINNACLE_DATA_DIR: dir,
    XDG_CACHE_HOME: inject('cacheDir'),
    ...more,
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-embedded-'));
    dir = join(folder, 'made', 'on', 'demand');
    expect((await cli(['migrate', 'up'], { env: env() })).code).toBe(0);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const hold = (holder: object | string) =>
    writeFile(`${dir}.lock`, typeof holder === 'string' ? holder : JSON.stringify(holder));

  it('leaves no lock, and no half-made folder, behind', () => {
    expect(existsSync(join(dir, 'PG_VERSION'))).toBe(true);
    expect([`${dir}.lock`, `${dir}.new`].filter((path) => existsSync(path))).toEqual([]);
  });

  it('is private to its owner, whatever the umask was, and an older folder is made so', async () => {
    const modes = () =>
      [dir, join(dir, 'base'), join(dir, 'PG_VERSION')].map((path) =>
        (statSync(path).mode & 0o777).toString(8),
      );
    expect(modes()).toEqual(['700', '700', '600']);
    chmodSync(dir, 0o755);
    chmodSync(join(dir, 'base'), 0o755);
    chmodSync(join(dir, 'PG_VERSION'), 0o666);
    expect((await cli(['user', 'list'], { env: env() })).code).toBe(0);
    expect(modes()).toEqual(['700', '700', '600']);
  });

  it('waits for a living holder, then exits 10 naming it', async () => {
    const started = (await readFile(`/proc/${process.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19];
    await hold({ pid: process.pid, started, command: 'order import' });
    const { code, stderr } = await cli(['user', 'list', '--timeout', '400ms'], { env: env() });
    const impatient = await cli(['user', 'list', '--timeout', '300ms', '--json'], { env: env() });
    await rm(`${dir}.lock`, { force: true });
    expect(impatient.code).toBe(10);
    expect(JSON.parse(impatient.stderr).error).toMatchObject({ code: 'DATABASE_BUSY', retryable: true });
    expect({ code, stderr }).toMatchObject({
      code: 10,
      stderr: expect.stringContaining(`process ${process.pid} (pinnacle order import)`),
    });
  });

  it.each<[string, () => Promise<object | string>]>([
    ['a lock torn by a power failure', async () => ''],
    ['a process that has ended', async () => ({ pid: await endedPid(), started: '1', command: 'user list' })],
    ['another process with its pid', async () => ({ pid: process.pid, started: '1', command: 'user list' })],
  ])('takes over from %s', async (_what, holder) => {
    await hold(await holder());
    expect((await cli(['user', 'list'], { env: env() })).code).toBe(0);
    expect(existsSync(`${dir}.lock`)).toBe(false);
  });

  it('survives kill -9 while it holds the folder', async () => {
    for (let round = 0; round < 3; round++) {
      const { child, ended } = start(env(), 'migrate', 'down', '--to', '0', '--confirm', 'demand');
      while (!existsSync(`${dir}.lock`) && child.exitCode === null)
        await new Promise((done) => setTimeout(done, 5));
      await new Promise((done) => setTimeout(done, 150 * round));
      child.kill('SIGKILL');
      await ended;
      expect((await cli(['migrate', 'up'], { env: env() })).code).toBe(0);
      expect((await cli(['migrate', 'drift'], { env: env() })).code).toBe(0);
    }
  });

  it('refuses a folder of another PostgreSQL', async () => {
    const version = join(dir, 'PG_VERSION');
    const real = await readFile(version, 'utf8');
    await writeFile(version, '16\n');
    const { code, stderr } = await cli(['user', 'list'], { env: env() });
    await writeFile(version, real);
    expect({ code, stderr }).toMatchObject({ code: 78, stderr: expect.stringContaining('PostgreSQL 16') });
    expect((await cli(['user', 'list'], { env: env() })).code).toBe(0);
  });

  it.each([
    ...['user list', 'migrate status', 'config show --json', 'doctor', 'doctor --check drift'],
    'doctor --check sealing --quiet',
  ])('is not created by a read: %s', async (line) => {
    const none = join(folder, 'none', 'database');
    const { code, stderr } = await cli(line.split(' '), { env: env({ PINNACLE_DATA_DIR: none }) });
    expect(existsSync(dirname(none))).toBe(false);
    if (line.startsWith('config')) return;
    if (line === 'doctor') return;
    expect(code).toBe(78);
    expect(stderr).toContain(`There is no embedded database in ${none}`);
    expect(stderr).toContain('pinnacle migrate up');
  });

  it('is what doctor misses, beside all that it can check without one', async () => {
    const none = join(folder, 'none', 'database');
    const doctor = async (around: Record<string, string>) => {
      const { code, stdout, stderr } = await cli(['doctor', '--json'], { env: around });
      return { code, stderr, checks: stdout === '' ? [] : (JSON.parse(stdout) as Record<string, string>[]) };
    };
    const { code, checks } = await doctor(
      env({
        PINNACLE_DATA_DIR: none,
        REDIS_URL: 'redis://127.0.0.1:1',
        PINNACLE_KEYRING_FILE: join(folder, 'ring'),
      }),
    );
    expect(code).toBe(6);
    const of = (name: string) => checks.find(({ check }) => check === name);
    expect(of('connection')).toMatchObject({
      state: 'fail',
      detail: `There is no embedded database in ${none}.`,
      help: expect.stringContaining('pinnacle migrate up'),
    });
    expect([of('redis')?.['state'], of('keyring')?.['state'], of('backup')?.['state']]).toEqual([
      ...['fail', 'warn', 'warn'],
    ]);
    expect(of('disk')?.['detail']).toContain('GiB free');
    expect(of('drift')).toMatchObject({ state: 'ok', detail: 'skipped: there is no database' });
    expect(await doctor({})).toMatchObject({ code: 78, checks: [] });
  });

  it('opens without the drafts of a lock whose makers were killed', async () => {
    const old = `${dir}.lock.${randomUUID()}`;
    const fresh = `${dir}.lock.${randomUUID()}`;
    await Promise.all([writeFile(old, ''), writeFile(fresh, '')]);
    await utimes(old, 0, 0);
    expect((await cli(['user', 'list'], { env: env() })).code).toBe(0);
    expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
    await rm(fresh);
  });

  it('is used, and said to be, when nothing is configured on a terminal', async () => {
    const { stderr } = await cli(['user', 'list'], {
      tty: true,
      home: folder,
      env: { XDG_DATA_HOME: join(folder, 'home'), XDG_CACHE_HOME: inject('cacheDir') },
    });
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      `using the embedded one in ${join(folder, 'home', 'pinnacle', 'database')}`,
    );
    expect(stderr).toContain('pinnacle migrate up');
  });
});

function endedPid(): Promise<number> {
  const child = spawn('true');
  return new Promise((done) => child.on('exit', () => done(child.pid ?? 0)));
}
