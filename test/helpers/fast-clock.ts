import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestDatabase } from './databases.ts';

/**
 * A clock of the tests' own, which processes with its environment live by: they agree on the time to the millisecond, also when they
 * are started anew. It stands still until it is told to go. What they wait for and how long is not touched by it.
 */
export interface FastClock {
  /** For servers, whose signal handlers look at the clock, and for programs with threads. */
  env: { server: Record<string, string>; program: Record<string, string> };
  now: () => Date;
  set: (at: Date) => void;
  /** Lets it go so many times as fast as the day outside. */
  go: (speed: number) => void;
  /** Stops it; gives what it shows. */
  stop: () => Date;
  remove: () => void;
}

const MISSING = 'no libfaketime on this machine (apt-get install libfaketime)';
const TICK_MS = 20;

/** The folder of the libraries that show another time to a process, if this machine has them; in CI it must. */
export function findFakeTime(): string | undefined {
  const folders = ['/usr/local/lib', '/usr/lib', '/usr/lib64', ...below('/usr/lib')];
  const found = folders
    .map((folder) => join(folder, 'faketime'))
    .find((folder) => existsSync(join(folder, 'libfaketimeMT.so.1')));
  if (found === undefined && process.env['CI']) throw new Error(MISSING);
  if (found === undefined) process.stderr.write(`skipped: ${MISSING}\n`);
  return found;
}

const below = (folder: string) =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];

/** A clock that shows `start`. */
export function startClock(folder: string, start: Date): FastClock {
  const home = mkdtempSync(join(tmpdir(), 'clock-'));
  // Servers may run as another account, which must be able to read it.
  chmodSync(home, 0o755);
  const file = join(home, 'now');
  let [shown, timer]: [number, NodeJS.Timeout | undefined] = [start.getTime(), undefined];
  const show = (ms: number) => {
    shown = ms;
    // At once, so that nobody reads half of it.
    writeFileSync(`${file}.new`, (ms / 1_000).toFixed(3), { mode: 0o644 });
    renameSync(`${file}.new`, file);
  };
  const stop = () => {
    clearInterval(timer);
    return new Date(shown);
  };
  const envWith = (library: string) => ({
    LD_PRELOAD: join(folder, library),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_FMT: '%s',
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  });
  show(shown);
  return {
    env: { server: envWith('libfaketime.so.1'), program: envWith('libfaketimeMT.so.1') },
    now: () => new Date(shown),
    set: (at) => show(at.getTime()),
    go(speed) {
      let last = performance.now();
      clearInterval(timer);
      timer = setInterval(() => {
        const now = performance.now();
        show(shown + (now - last) * speed);
        last = now;
      }, TICK_MS);
    },
    stop,
    remove() {
      stop();
      rmSync(home, { recursive: true });
      forgetTheKilled();
    },
  };
}

const SHARED = '/dev/shm';

/** What the library shares with children stays behind when a process is killed, and another one of that number could not start. */
function forgetTheKilled(): void {
  for (const name of existsSync(SHARED) ? readdirSync(SHARED) : []) {
    const pid = /^(?:sem\.)?faketime_(?:shm|sem)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(SHARED, name), { force: true });
  }
}

/** A database whose commands, in this process, live by the clock. */
export function byClock(db: TestDatabase, clock: FastClock): TestDatabase {
  const cliWith: TestDatabase['cliWith'] = (options, ...argv) =>
    db.cliWith({ now: clock.now(), ...options }, ...argv);
  return {
    ...db,
    cliWith,
    cli: (...argv) => cliWith({}, ...argv),
    async json<T>(...argv: string[]) {
      const { code, stdout, stderr } = await cliWith({}, ...argv, '--json');
      if (code !== 0) throw new Error(`pinnacle ${argv.join(' ')} ended ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
  };
}
