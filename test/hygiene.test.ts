import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KINDS } from './lanes.ts';

const WAIT = { timeout: 60_000 };
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', 'test/cli/cursor.test.ts'];
/** A file that is there from the middle of a run on. */
const STARTED = KINDS[0] === 'server' ? /postmaster\.pid$/ : /phase-4\.new/;

/** Starts a run of one small suite, with a folder for temporary files. */
function startRun(folder: string): ChildProcess {
  return spawn(process.execPath, VITEST, { env: { ...process.env, TMPDIR: folder }, stdio: 'ignore' });
}

const exitOf = (run: ChildProcess) => new Promise((resolve) => run.once('exit', resolve));
const isInTheMiddle = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((path) => STARTED.test(path));

/** The command lines of the processes that were told of a folder, by pid. */
function processesOf(folder: string): Record<string, string> {
  const told = readdirSync('/proc').flatMap((pid) => {
    try {
      const [command = '', environment] = ['cmdline', 'environ'].map((file) =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8'),
      );
      return `${command}${environment}`.includes(folder) ? [[pid, command]] : [];
    } catch {
      // It has ended, or is no process at all.
      return [];
    }
  });
  return Object.fromEntries(told);
}

describe('a run of the tests leaves no file and no process', { timeout: 180_000 }, () => {
  const makeFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'h-'));
    // A server that runs as somebody else gets through.
    chmodSync(folder, 0o711);
    return folder;
  };

  it.each(['SIGTERM', 'SIGKILL'] as const)('when it is ended by %s', async (signal) => {
    const folder = makeFolder();
    const run = startRun(folder);
    await expect.poll(() => isInTheMiddle(folder), WAIT).toBe(true);
    run.kill(signal);
    await expect.poll(() => readdirSync(folder), WAIT).toEqual([]);
    await expect.poll(() => processesOf(folder), WAIT).toEqual({});
  });

  it('nor what it kept elsewhere, in memory for example, and what runs there', async () => {
    const [folder, elsewhere] = [makeFolder(), makeFolder()];
    symlinkSync(elsewhere, join(folder, 'beside-memory'));
    const resident = spawn('sleep', ['600'], { cwd: elsewhere, env: {}, stdio: 'ignore' });
    const watchdog = spawn(process.execPath, ['test/helpers/watchdog.js', folder], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = exitOf(resident);
    watchdog.stdin.end();
    expect(await exitOf(watchdog)).toBe(0);
    await ended;
    expect([folder, elsewhere].filter((path) => existsSync(path))).toEqual([]);
  });

  it('at its end, nor after one that was killed with its watchdog', async () => {
    const folder = makeFolder();
    const run = startRun(folder);
    await expect.poll(() => isInTheMiddle(folder), WAIT).toBe(true);
    const watchdogs = Object.entries(processesOf(folder)).filter(([, command]) =>
      command.includes('watchdog'),
    );
    expect(watchdogs).toHaveLength(1);
    for (const [pid] of watchdogs) process.kill(Number(pid), 'SIGKILL');
    run.kill('SIGKILL');
    await exitOf(run);
    expect(readdirSync(folder)).not.toEqual([]);
    expect(await exitOf(startRun(folder))).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    expect(processesOf(folder)).toEqual({});
  });
});

describe.runIf(existsSync('.git'))('the repository', () => {
  it('holds no file that is generated', () => {
    const { status, stdout } = spawnSync('git', ['ls-files', '--cached', '--ignored', '--exclude-standard'], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
