import { spawn } from 'node:child_process';
import type { Pager } from '../cli/io.ts';

/** What we are told by our environment, secrets among it, is not for a pager. */
const OURS = /^(PINNACLE_|PG|DATABASE_URL$|REDIS_URL$)/;

/**
 * Starts a pager on the terminal of this process, without a shell; undefined if there is no such program. It ends at the latest
 * when the signal aborts.
 */
export function startPager(
  [program = '', ...words]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Pager | undefined> {
  const others = Object.entries(env).filter(([name]) => !OURS.test(name));
  const child = spawn(program, words, {
    // Quit if it fits, keep colours, leave the text on the screen.
    env: { LESS: 'FRX', ...Object.fromEntries(others) },
    stdio: ['pipe', 'inherit', 'inherit'],
    signal,
  });
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(undefined));
    child.once('spawn', () => resolve({ input: child.stdin, ended }));
  });
}
