import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { inject } from 'vitest';
import type { CliOptions } from './cli.ts';
import { isWarm } from './warm-engine.ts';

const PROGRAM = resolve('bin/pinnacle.js');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A real process of the built program. */
export interface Running {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<Ended>;
}

/** Starts the built program as a process of its own, with nothing on stdin. */
export function start(env: Record<string, string>, ...argv: string[]): Running {
  return startWith({ env }, ...argv);
}

/** The same with stdin, in a folder. */
export function startWith(
  { env = {}, cwd, stdin }: Pick<CliOptions, 'env' | 'cwd' | 'stdin'>,
  ...argv: string[]
): Running {
  assertFree(env);
  const child = spawn(process.execPath, [PROGRAM, ...argv], {
    env: { PATH: process.env['PATH'], TMPDIR: tmpdir(), HOME: inject('cacheDir'), ...env },
    cwd,
  });
  // It may end without having read it all.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code, signal) => {
      if (signal !== null) stderr.push(Buffer.from(`\nkilled by ${signal}`));
      done({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
  return { child, ended };
}

/** Runs a shell line in which `$PINNACLE` is the built program. */
export function shell(env: Record<string, string>, line: string): Promise<Ended> {
  assertFree(env);
  const child = spawn('bash', ['-o', 'pipefail', '-c', line], {
    env: {
      PATH: process.env['PATH'],
      TMPDIR: tmpdir(),
      HOME: inject('cacheDir'),
      PINNACLE: `${process.execPath} ${PROGRAM}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  return new Promise((done) => {
    child.on('close', (code) =>
      done({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

/** A second process in the folder of an engine that is running would ruin it. */
function assertFree(env: Record<string, string>): void {
  if (isWarm(env['PINNACLE_DATA_DIR']))
    throw new Error('the engine of this database runs here: open it with openCold');
}
