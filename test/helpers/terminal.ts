import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { inject } from 'vitest';
import { findProgram } from './binaries.ts';

/** Whether this machine can give a process a terminal. */
export const hasTerminals = (): boolean => findProgram('script') !== undefined;

/** The built program in a pseudo-terminal. */
export interface Terminal {
  /** Resolves once a text came after what was waited for before. */
  until: (text: string) => Promise<void>;
  type: (keys: string) => void;
  /** All that came, without control sequences. */
  text: () => string;
  /** The exit code. */
  ended: Promise<number | null>;
}

export const ENTER = '\r';
export const DOWN = '\u001b[B';

const PATIENCE_MS = 30_000;
const ESCAPE = '\u001b';
const CONTROLS = new RegExp(`${ESCAPE}\\[[0-9;?]*[a-zA-Z]`, 'g');

/** Starts the built program with words that a shell takes as they are, in a terminal of 24 lines. */
export function openTerminal(
  line: string,
  { env, cwd, columns = 100 }: { env: Record<string, string>; cwd: string; columns?: number },
): Terminal {
  const program = `${process.execPath} ${resolve('bin/pinnacle.js')} ${line}`;
  const child = spawn('script', ['-qfec', `stty cols ${columns} rows 24; exec ${program}`, '/dev/null'], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      TMPDIR: tmpdir(),
      HOME: inject('cacheDir'),
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      ...env,
    },
  });
  let text = '';
  let seen = 0;
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    text += String(chunk).replace(CONTROLS, '');
    for (const look of waiting) look();
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<number | null>((done) => child.on('close', done));
  return {
    text: () => text,
    type: (keys) => void child.stdin.write(keys),
    ended: ended.finally(() => child.stdin.end()),
    until: (wanted) =>
      new Promise((found, failed) => {
        const timer = setTimeout(
          () => failed(new Error(`"${wanted}" did not come; instead:\n${text}`)),
          PATIENCE_MS,
        );
        const look = () => {
          const at = text.indexOf(wanted, seen);
          if (at < 0) return;
          seen = at + wanted.length;
          waiting.delete(look);
          clearTimeout(timer);
          found();
        };
        waiting.add(look);
        look();
      }),
  };
}
