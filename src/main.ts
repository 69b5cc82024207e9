import './navigator-stub.ts';
import { homedir, userInfo } from 'node:os';
import { EXITS } from './util/exit-codes.ts';
import { Failure } from './util/failure.ts';

const SHUTDOWN_GRACE_MS = 2_000;
/** A connection that a library still closes must not hold the process up. */
const EXIT_GRACE_MS = 20;

/** Binds the process to the program: its streams, signals and exit code. */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  silenceLibraries();
  const abort = new AbortController();
  let isPaging = false;
  const onSignal = (signal: NodeJS.Signals) => {
    // A pager reads its keys itself, Ctrl-C among them.
    if (isPaging && signal === 'SIGINT') return;
    const code = signal === 'SIGINT' ? 130 : 143;
    // Asked twice, or unable to end in good order: then at once.
    if (abort.signal.aborted) process.exit(code);
    setTimeout(() => process.exit(code), SHUTDOWN_GRACE_MS).unref();
    abort.abort(
      code === 130
        ? new Failure('interrupted', 'INTERRUPTED', 'Interrupted.')
        : new Failure('terminated', 'TERMINATED', 'Terminated.'),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);

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
    },
    abort.signal,
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
  // Once nothing is left to do: without handing back the heap page by page, which the system takes anyway.
  process.once('beforeExit', () => process.exit());
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
