import './navigator-stub.ts';
import { homedir, userInfo } from 'node:os';
import { isatty } from 'node:tty';
import { EXITS } from './util/exit-codes.ts';
import { Failure } from './util/failure.ts';

/** In turns of the loop: the embedded engine holds it up for seconds, and what waits must have its turn before the end. */
const SHUTDOWN_GRACE_TURNS = 20;
const SHUTDOWN_TURN_MS = 100;
/** A connection that a library still closes must not hold the process up. */
const EXIT_GRACE_MS = 20;

/** Binds the process to the program: its streams, signals and exit code. */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  silenceLibraries();
  const abort = new AbortController();
  let isPaging = false;
  const end = (reason: unknown, code: number) => {
    // Asked twice, or unable to end in good order: then at once.
    if (abort.signal.aborted) leave(code);
    leaveAfter(SHUTDOWN_GRACE_TURNS, code);
    abort.abort(reason);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // A pager reads its keys itself, Ctrl-C among them.
    if (isPaging && signal === 'SIGINT') return;
    if (signal === 'SIGINT') end(new Failure('interrupted', 'INTERRUPTED', 'Interrupted.'), 130);
    else end(new Failure('terminated', 'TERMINATED', 'Terminated.'), 143);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // What nobody awaits has failed: what runs is severed, and reports it as its own failure.
  const onFault = (error: unknown) => end(error, EXITS.failure[0]);
  process.on('uncaughtException', onFault);

  // Until it ends with another: nothing was done for certain if Node finds nothing left to wait for.
  process.exitCode = EXITS.failure[0];
  const { run } = await import('./program.ts');
  process.exitCode = await run(
    argv,
    {
      // Opened only where something is read: it costs a start two milliseconds.
      get stdin() {
        return process.stdin;
      },
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      get cwd() {
        return workingDirectory();
      },
      home: homeFolder(),
      user: userName(),
      pid: process.pid,
      uid: process.getuid?.(),
      node: process.versions.node,
      now: () => new Date(),
      async page(words) {
        const { startPager } = await import('./runtime/pager.ts');
        const pager = await startPager(words, process.env, abort.signal);
        isPaging = pager !== undefined;
        pager?.ended.then(() => {
          isPaging = false;
        });
        return pager;
      },
      atExit(work) {
        process.on('exit', work);
        return () => void process.off('exit', work);
      },
      aroundStops,
    },
    abort.signal,
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
  process.off('uncaughtException', onFault);
  if (isHungUp()) leave();
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
  // Once nothing is left to do: without handing back the heap page by page, which the system takes anyway.
  process.once('beforeExit', () => process.exit());
}

/** Ends the process; without its terminal as one that was hung up, because Node aborts where it cannot set a terminal back. */
function leave(code?: number): void {
  if (!isHungUp()) process.exit(code);
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

/** Ends the process after so many turns, unless it has ended before. */
function leaveAfter(turns: number, code: number): void {
  if (turns === 0) leave(code);
  setTimeout(() => leaveAfter(turns - 1, code), SHUTDOWN_TURN_MS).unref();
}

/** Whether the terminal that this writes to is gone. */
const isHungUp = () => [process.stdout, process.stderr].some(({ isTTY, fd }) => isTTY && !isatty(fd));

/** Does something before the process is stopped for a while, be it by a signal from elsewhere, and once it goes on. */
function aroundStops({ before, after }: { before: () => void; after: () => void }) {
  const stop = (whom: number) => {
    before();
    process.off('SIGTSTP', stopThis);
    process.kill(whom, 'SIGTSTP');
    process.on('SIGTSTP', stopThis);
    // Where nobody could let it go on, the system has not stopped it.
    after();
  };
  const stopThis = () => stop(process.pid);
  process.on('SIGTSTP', stopThis);
  process.on('SIGCONT', after);
  return {
    // The whole group, as a terminal does it: whoever started this waits for all of it.
    stop: () => stop(0),
    forget() {
      process.off('SIGTSTP', stopThis);
      process.off('SIGCONT', after);
    },
  };
}

/**
 * Keeps libraries from writing to our streams, which carry data and our own messages: their advice is for whoever
 * builds this program. What Node itself warns of, TLS that verifies nothing, becomes a line like ours.
 */
function silenceLibraries(): void {
  const silent = () => {};
  Object.assign(console, { debug: silent, log: silent, info: silent, warn: silent, error: silent });
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    if (name === 'Warning') process.stderr.write(`warning: ${message}\n`);
  });
}

/** Throws NO_WORKING_DIRECTORY (exit 78) where the folder that this was started in has been deleted. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw new Failure('config', 'NO_WORKING_DIRECTORY', 'The working directory does not exist any more.', {
      hint: 'Change to another folder and run it again.',
    });
  }
}

/** For a user without HOME and without an account, a path below which nothing can exist; errors name it. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/dev/null/no-home';
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A uid without an entry in the password file, as in some containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
